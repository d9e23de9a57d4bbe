"""Two runs on the same items: the mean of the differences, and whether chance explains it.

Pure. A paired test takes out what makes items hard for everybody. Answers that are right or wrong:
McNemar's exact test (the binomial of those that changed). Other scores: the normal test of the
mean difference (Miller, "Adding Error Bars to Evals", 2024, section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_Z: Final = _NORMAL.inv_cdf(0.975)
_BINARY: Final = frozenset({0.0, 1.0})


@dataclass(frozen=True)
class PairedTest:
    """A mean difference, in the unit of the values; what cannot be said of it is None."""

    difference: float | None
    stderr: float | None
    low: float | None
    high: float | None
    p_value: float | None
    test: str


def paired_test(first: Sequence[float], second: Sequence[float]) -> PairedTest:
    """The second values against the first ones, item by item."""
    differences = [after - before for before, after in zip(first, second, strict=True)]
    n = len(differences)
    if n == 0:
        return PairedTest(None, None, None, None, None, "")
    mean = math.fsum(differences) / n
    if n == 1:
        return PairedTest(mean, None, None, None, None, "")
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in differences) / (n - 1))
    stderr = deviation / math.sqrt(n)
    low, high = mean - _Z * stderr, mean + _Z * stderr
    if _BINARY.issuperset(first) and _BINARY.issuperset(second):
        better = sum(one > 0 for one in differences)
        worse = sum(one < 0 for one in differences)
        return PairedTest(mean, stderr, low, high, mcnemar(better, worse), "McNemar")
    return PairedTest(mean, stderr, low, high, _two_sided(mean, stderr), "normal")


def mcnemar(better: int, worse: int) -> float:
    """Probability of a split at least as uneven if both ways were equally likely."""
    n = better + worse
    tail = sum(math.comb(n, held) for held in range(min(better, worse) + 1))
    # Whole numbers as far as possible: 2**n of many items is no float.
    return min(1.0, 2 * tail / (1 << n))


def _two_sided(mean: float, stderr: float) -> float:
    if stderr == 0:
        return 1.0 if mean == 0 else 0.0
    return 2 * (1 - _NORMAL.cdf(abs(mean) / stderr))
