"""Whether one of two is better on the same items, or the difference may be chance.

Pure, and the same for the same input: what is drawn, is drawn with a seed. Sources: McNemar 1947,
in its exact form (a sign test of the items on which both differ); paired bootstrap of the mean
difference and sign-flip permutation test (Efron and Tibshirani 1993, chapters 13 and 15).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kompass_api.results import Interval

_DRAWS: Final = 10_000
_PERCENT: Final = 100.0
_TAIL: Final = 0.025


@dataclass(frozen=True)
class Comparison:
    """What changes from the first to the second, over the items that both were judged on."""

    n: int
    """Items that both have a value of."""
    unpaired: int
    """Items that only one was asked, or that one of both could not be judged on."""
    better: tuple[str, ...]
    """Items on which the second is better, sorted."""
    worse: tuple[str, ...]
    difference: float | None
    """Mean of second minus first, in percent; None without an item."""
    interval: Interval | None
    """Of the difference, 95 %; None for fewer than two items."""
    p: float | None
    """Chance of a difference of this size or more if both were the same."""
    test: Literal["mcnemar", "permutation"]


def compare(
    first: Mapping[str, float | None], second: Mapping[str, float | None], *, seed: int = 0
) -> Comparison:
    """The comparison of values from 0 to 1 by item."""
    pairs = {
        item: (before, after)
        for item in sorted(first.keys() & second.keys())
        if (before := first[item]) is not None and (after := second[item]) is not None
    }
    changes = [after - before for before, after in pairs.values()]
    is_binary = all(value in {0.0, 1.0} for pair in pairs.values() for value in pair)
    return Comparison(
        n=len(pairs),
        unpaired=len(first.keys() | second.keys()) - len(pairs),
        better=tuple(item for item, (before, after) in pairs.items() if after > before),
        worse=tuple(item for item, (before, after) in pairs.items() if after < before),
        difference=_PERCENT * math.fsum(changes) / len(changes) if changes else None,
        interval=bootstrap_interval(changes, seed=seed),
        p=_chance(changes, is_binary=is_binary, seed=seed),
        test="mcnemar" if is_binary else "permutation",
    )


def mcnemar(better: int, worse: int) -> float:
    """The exact two-sided chance of so uneven a split of the items that differ."""
    n = better + worse
    tail = sum(math.comb(n, count) for count in range(min(better, worse) + 1))
    # Halved as whole numbers: both may be too large for a float.
    return min(1.0, 2 * tail / (1 << n))


def permutation(changes: Sequence[float], *, seed: int = 0) -> float:
    """The two-sided chance of so large a sum of changes, if their signs were chance."""
    drawing = random.Random(seed)  # noqa: S311 - a draw, not a secret
    sizes = [abs(change) for change in changes if change]
    # A hair below: the same sum may come out a little smaller when added in another order.
    limit = abs(math.fsum(changes)) * (1 - 1e-12)
    as_large = sum(
        abs(math.fsum(size if drawing.getrandbits(1) else -size for size in sizes)) >= limit
        for _ in range(_DRAWS)
    )
    return (as_large + 1) / (_DRAWS + 1)


def bootstrap_interval(changes: Sequence[float], *, seed: int = 0) -> Interval | None:
    """The middle 95 % of the mean over items that are drawn with replacement, in percent."""
    if len(changes) <= 1:
        return None
    import numpy as np

    values = np.asarray(changes)
    drawing = np.random.default_rng(seed)
    means = [
        values[drawing.integers(0, len(values), size=len(values))].mean() for _ in range(_DRAWS)
    ]
    low, high = np.quantile(means, [_TAIL, 1 - _TAIL])
    return Interval(low=float(low) * _PERCENT, high=float(high) * _PERCENT)


def _chance(changes: Sequence[float], *, is_binary: bool, seed: int) -> float | None:
    if not changes:
        return None
    if is_binary:
        better = sum(change > 0 for change in changes)
        return mcnemar(better, sum(change < 0 for change in changes))
    return permutation(changes, seed=seed)
