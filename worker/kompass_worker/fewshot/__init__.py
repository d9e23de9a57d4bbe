"""Which rows of the example split stand before which question."""

from kompass_worker.fewshot.retrievers import Corpus, Embedder, check_size, example_ids
from kompass_worker.fewshot.shots import Shots

__all__ = ["Corpus", "Embedder", "Shots", "check_size", "example_ids"]
