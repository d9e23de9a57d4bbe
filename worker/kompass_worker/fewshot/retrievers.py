"""The retrievers: for every question, in order, the places of its examples.

Pure but for an embedding model. Random numbers, scores and the order of equals are OpenCompass',
except that equals come in one order on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kompass_api.prompts import Examples, Retriever
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.fewshot.bm25 import Okapi
from kompass_worker.fewshot.words import words

Ids = tuple[int, ...]


class Embedder(Protocol):
    """What turns texts into vectors, of which near ones mean alike."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """A row of length one for each text."""
        ...


@dataclass(frozen=True)
class Corpus:
    """The texts of a split's rows: their input columns, joined by spaces."""

    file: str
    texts: Sequence[str]


def check_size(examples: Examples, pool: Corpus) -> None:
    """Refuse examples that the pool does not have."""
    rows = len(pool.texts)
    beyond = [row for row in examples.ids if row >= rows]
    if beyond:
        raise InvalidData(
            f"{pool.file} has {rows} rows, but examples.ids asks for row {beyond[0]} (counted "
            "from 0): add rows, or name others"
        )
    if examples.count > rows:
        raise InvalidData(
            f"{pool.file} has {rows} rows, but examples.count asks for {examples.count}: add "
            "rows, or lower it"
        )


def example_ids(
    examples: Examples, pool: Corpus, asked: Sequence[str], embedder: Embedder | None = None
) -> list[Ids]:
    """Places in the pool for each asked text."""
    check_size(examples, pool)
    match examples.retriever:
        case Retriever.FIX_K:
            return [tuple(examples.ids)] * len(asked)
        case Retriever.RANDOM:
            return _random(examples, len(pool.texts), len(asked))
        case Retriever.SLIDING_WINDOW:
            return [_window(place, examples.count, pool) for place in range(len(asked))]
        case Retriever.BM25:
            return _bm25(examples.count, pool.texts, asked)
        case Retriever.TOP_K:
            return _nearest(examples.count, pool.texts, asked, embedder)


def _random(examples: Examples, rows: int, questions: int) -> list[Ids]:
    # The old generator: OpenCompass seeds it once and draws for one question after the other.
    drawn = np.random.RandomState(examples.seed)
    return [
        tuple(drawn.choice(rows, examples.count, replace=False).tolist()) for _ in range(questions)
    ]


def _window(place: int, count: int, pool: Corpus) -> Ids:
    """The rows before a place; those at the end where it has too few before it."""
    rows = len(pool.texts)
    if place > rows:
        raise InvalidData(
            f"{pool.file} has {rows} rows, but question {place} (counted from 0) takes the "
            f"{count} rows before its own place in it (retriever SlidingWindow): the example "
            "split must have as many rows as the test split"
        )
    before = range(max(0, place - count), place)
    return (*range(rows - (count - len(before)), rows), *before)


def _bm25(count: int, pool: Sequence[str], asked: Sequence[str]) -> list[Ids]:
    index = Okapi([words(text) for text in pool])
    return [_highest(index.scores(words(text)), count) for text in asked]


def _nearest(
    count: int, pool: Sequence[str], asked: Sequence[str], embedder: Embedder | None
) -> list[Ids]:
    if embedder is None:
        raise InvalidRequest(
            "examples.retriever TopK needs the embedding model in examples.embedding, and a "
            "worker with the extra huggingface"
        )
    likeness = embedder.embed(asked) @ embedder.embed(pool).T
    return [tuple(np.argsort(-row, kind="stable")[:count].tolist()) for row in likeness]


def _highest(scores: npt.NDArray[np.float64], count: int) -> Ids:
    """Places of the highest scores; of equals the last comes first, as in a reversed sort."""
    return tuple(np.argsort(scores, kind="stable")[::-1][:count].tolist())
