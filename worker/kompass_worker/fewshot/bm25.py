"""How well rows fit a question by their words: BM25 (Robertson and Zaragoza 2009).

Pure. The Okapi variant whose words in more than half of the rows weigh a quarter of the average
instead of less than nothing; k1 1.5, b 0.75.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

_K1: Final = 1.5
_B: Final = 0.75
_FLOOR: Final = 0.25

Scores = npt.NDArray[np.float64]


class Okapi:
    """An index over rows of words."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._counts = [Counter(row) for row in rows]
        self._lengths = np.array([len(row) for row in rows])

    def scores(self, question: Sequence[str]) -> Scores:
        """How well each row fits; a word that is asked twice counts twice."""
        total: Scores = np.zeros(len(self._counts))
        for word in question:
            weight = self._weights.get(word, 0.0)
            held = self._occurrences(word)
            total += weight * (held * (_K1 + 1) / (held + self._length_penalty))
        return total

    def _occurrences(self, word: str) -> npt.NDArray[np.int64]:
        return np.array([counts[word] for counts in self._counts])

    @cached_property
    def _length_penalty(self) -> Scores:
        # A split without a single word has no average length, and no scores to speak of.
        average = self._lengths.sum() / len(self._lengths) or 1.0
        penalty: Scores = _K1 * (1 - _B + _B * self._lengths / average)
        return penalty

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        """How much a word says: the rarer the more."""
        rows = len(self._counts)
        # In the order in which words first come, as sums of floats depend on it.
        found = Counter(word for counts in self._counts for word in counts)
        weights = {
            word: math.log(rows - count + 0.5) - math.log(count + 0.5)
            for word, count in found.items()
        }
        average = sum(weights.values()) / len(weights) if weights else 0.0
        return {
            word: weight if weight >= 0 else _FLOOR * average for word, weight in weights.items()
        }
