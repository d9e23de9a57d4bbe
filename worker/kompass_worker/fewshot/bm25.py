"""How well rows fit a question by their words: BM25 (Robertson and Zaragoza 2009).

Pure. The Okapi variant whose words in more than half of the rows weigh a quarter of the average
instead of less than nothing; k1 1.5, b 0.75.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_K1: Final = 1.5
_B: Final = 0.75
_FLOOR: Final = 0.25

Scores = npt.NDArray[np.float64]


class _Entry(NamedTuple):
    """A word of the index."""

    rows: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    """How often it stands in each of these."""
    weight: float
    """How much it says: the rarer the more."""


class Okapi:
    """An index over rows of words."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        lengths = np.array([len(row) for row in rows])
        # A split without a single word has no average length, and no scores to speak of.
        average = lengths.sum() / len(rows) or 1.0
        self._penalties: Scores = _K1 * (1 - _B + _B * lengths / average)
        self._entries = _entries(rows)

    def scores(self, question: Sequence[str]) -> Scores:
        """How well each row fits; a word that is asked twice counts twice."""
        total: Scores = np.zeros(len(self._penalties))
        for word in question:
            entry = self._entries.get(word)
            if entry is not None:
                held = entry.counts
                shares = held * (_K1 + 1) / (held + self._penalties[entry.rows])
                total[entry.rows] += entry.weight * shares
        return total


def _entries(rows: Sequence[Sequence[str]]) -> Mapping[str, _Entry]:
    # Words in the order in which they first come, as sums of floats depend on it.
    places: dict[str, dict[int, int]] = {}
    for place, row in enumerate(rows):
        for word, count in Counter(row).items():
            places.setdefault(word, {})[place] = count
    weights = {
        word: math.log(len(rows) - len(held) + 0.5) - math.log(len(held) + 0.5)
        for word, held in places.items()
    }
    floor = _FLOOR * sum(weights.values()) / len(weights) if weights else 0.0
    return {
        word: _Entry(
            np.array(list(held)),
            np.array(list(held.values())),
            weights[word] if weights[word] >= 0 else floor,
        )
        for word, held in places.items()
    }
