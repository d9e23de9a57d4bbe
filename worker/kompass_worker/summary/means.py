"""How a group's number comes from its rows' numbers, with the error bar that follows.

Pure. The arithmetic is OpenCompass' (its default summarizer), added from left to right. Error bars
take the rows for independent; the harmonic mean's is of first order. A standard deviation of rows
has none, nor has a harmonic mean whose rows were raised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Final

from kompass_api.scoring import GroupMean
from kompass_worker.scoring.statistics import UNKNOWN, Estimate, normal_interval, unweighted

_Pairs = Sequence[tuple[float, float | None]]
"""Values and their standard errors."""


def group_mean(kind: GroupMean, parts: Sequence[Estimate], weights: Sequence[int]) -> Estimate:
    """The mean of the parts' values; unknown where one of them is."""
    known = [(part.value, part.stderr) for part in parts if part.value is not None]
    if not parts or len(known) < len(parts):
        return UNKNOWN
    if kind is GroupMean.NAIVE_AVERAGE:
        return unweighted(parts)
    if kind is GroupMean.WEIGHTED_AVERAGE:
        return _weighted(known, weights)
    return _MEANS[kind](known)


def _weighted(parts: _Pairs, weights: Sequence[int]) -> Estimate:
    total = sum(weights)
    if not total:
        return UNKNOWN
    counted = [(v, e, weight) for (v, e), weight in zip(parts, weights, strict=True) if weight]
    value = reduce(add, (v * weight for v, _, weight in counted)) / total
    return _with_error(value, [(weight / total, e) for _, e, weight in counted])


def _harmonic(parts: _Pairs) -> Estimate:
    # A row at zero or below raises every row to at least 1, as OpenCompass has it.
    raised = any(value <= 0 for value, _ in parts)
    values = [max(value, 1.0) if raised else value for value, _ in parts]
    mean = len(values) / reduce(add, (1 / value for value in values))
    if raised:
        return Estimate(mean, None, None)
    slopes = [mean * mean / (len(values) * value * value) for value in values]
    return _with_error(mean, [(slope, e) for slope, (_, e) in zip(slopes, parts, strict=True)])


def _sum(parts: _Pairs) -> Estimate:
    return _with_error(reduce(add, (value for value, _ in parts)), [(1.0, e) for _, e in parts])


def _deviation(parts: _Pairs) -> Estimate:
    mean = reduce(add, (value for value, _ in parts)) / len(parts)
    variance = reduce(add, ((value - mean) ** 2 for value, _ in parts)) / len(parts)
    return Estimate(math.sqrt(variance), None, None)


_MEANS: Final[Mapping[GroupMean, Callable[[_Pairs], Estimate]]] = {
    GroupMean.HARMONIC_MEAN: _harmonic,
    GroupMean.SUM: _sum,
    GroupMean.STANDARD_DEVIATION: _deviation,
}


def _with_error(value: float, slopes: Sequence[tuple[float, float | None]]) -> Estimate:
    """The value with the error that independent errors times their slopes give it."""
    errors = [slope * error for slope, error in slopes if error is not None]
    if len(errors) < len(slopes):
        return Estimate(value, None, None)
    stderr = math.sqrt(math.fsum(error * error for error in errors))
    return Estimate(value, stderr, normal_interval(value, stderr))
