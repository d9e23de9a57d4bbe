"""Which rows of the example split stand before which question."""

from kompass_worker.fewshot.retrievers import Corpus, Embedder, Ids, check_size, example_ids
from kompass_worker.fewshot.shots import Shots

__all__ = ["Corpus", "Embedder", "Ids", "Shots", "check_size", "example_ids"]
