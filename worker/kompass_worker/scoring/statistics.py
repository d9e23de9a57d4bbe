"""Means with their uncertainty.

Pure. Sources: standard error of a mean, sample deviation with n - 1 (Miller, "Adding Error Bars to
Evals", 2024, section 2); interval of a share, Wilson's score interval (Wilson 1927; Brown, Cai and
DasGupta 2001 recommend it also for few items, and it stays within 0 and 100 where every answer
is right); other means, the normal interval; means of means, the intervals of their parts recovered
(MOVER; Zou and Donner, "Construction of confidence limits about effect measures", 2008), which
claims no certainty where every answer is wrong; a number that is no mean of its items, the block
jackknife (Efron 1982), which needs no random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from statistics import NormalDist
from typing import Final, NamedTuple, TypeVar

from kompass_api.results import Interval
from kompass_api.scoring import GroupMean

_Z: Final = NormalDist().inv_cdf(0.975)
_PERCENT: Final = 100.0
_BLOCKS: Final = 50
"""Parts that the jackknife leaves out in turn: as many evaluations of the number."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Estimate:
    """A number, mostly in percent; what cannot be said of it is None."""

    value: float | None
    stderr: float | None
    interval: Interval | None


UNKNOWN: Final = Estimate(None, None, None)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean in percent, mostly of values from 0 to 1; below two there is no error bar."""
    n = len(values)
    if n == 0:
        return UNKNOWN
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean * _PERCENT, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    stderr = deviation / math.sqrt(n)
    is_share = all(value in {0.0, 1.0} for value in values)
    if is_share:
        return Estimate(mean * _PERCENT, stderr * _PERCENT, wilson(mean, n))
    if all(0.0 <= value <= 1.0 for value in values):
        return _in_percent(mean * _PERCENT, stderr * _PERCENT)
    return _unbounded(mean * _PERCENT, stderr * _PERCENT)


def estimate_scaled(values: Sequence[float]) -> Estimate:
    """The same, scaled before it is divided; on the edge of two decimals it may print differently.

    So do OpenCompass' scorers of GSM8K and MATH: 23 of 160 are 14.38 there, not 14.37.
    """
    found = estimate(values)
    return replace(found, value=_PERCENT * math.fsum(values) / len(values)) if values else found


def plain_mean(values: Sequence[float]) -> Estimate:
    """The mean of values of any size, in their own unit."""
    n = len(values)
    if n == 0:
        return UNKNOWN
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return _unbounded(mean, deviation / math.sqrt(n))


def jackknifed(
    statistic: Callable[[Sequence[Item]], float | None], items: Sequence[Item]
) -> Estimate:
    """A number of all items together, with the block jackknife's error bar where it has one."""
    value = statistic(items)
    blocks = min(_BLOCKS, len(items))
    if value is None or blocks <= 1:
        return Estimate(value, None, None)
    without = [
        statistic([item for place, item in enumerate(items) if place % blocks != block])
        for block in range(blocks)
    ]
    known = [each for each in without if each is not None]
    if len(known) < blocks:
        return Estimate(value, None, None)
    mean = math.fsum(known) / blocks
    spread = math.fsum((each - mean) ** 2 for each in known)
    return _unbounded(value, math.sqrt(spread * (blocks - 1) / blocks))


def group_mean(
    mean: GroupMean, parts: Sequence[Estimate], weights: Sequence[float] = ()
) -> Estimate:
    """One number of several independent ones in percent; unknown where a part that counts is.

    Left out, the weights are all 1. A deviation has no error bar, and neither has a harmonic mean
    of a number that is 0 or less.
    """
    shares = list(weights) if mean is GroupMean.WEIGHTED_AVERAGE and weights else [1] * len(parts)
    # Nothing is asked of a part without weight: OpenCompass lets it be missing.
    counted = [(part, share) for part, share in zip(parts, shares, strict=True) if share]
    values = [part.value for part, _ in counted if part.value is not None]
    if not values or len(values) < len(counted):
        return UNKNOWN
    if mean is GroupMean.STANDARD_DEVIATION:
        return Estimate(_deviation(values), None, None)
    known = [part for part, _ in counted]
    if mean in {GroupMean.HARMONIC_MEAN, GroupMean.PLAIN_HARMONIC_MEAN}:
        return _harmonic(values, known, raise_to_one=mean is GroupMean.HARMONIC_MEAN)
    total = 1 if mean is GroupMean.SUM else sum(shares)
    return _linear(values, known, [share for _, share in counted], total)


def _linear(
    values: Sequence[float], parts: Sequence[Estimate], weights: Sequence[float], total: float
) -> Estimate:
    # As OpenCompass adds: from left to right, without fsum or the compensation that sum() has since
    # Python 3.12. A mean on the edge of two decimals would print differently.
    weighted = (value * weight for value, weight in zip(values, weights, strict=True))
    value = reduce(add, weighted) / total
    is_share = sum(weights) <= total and all(0 <= each <= _PERCENT for each in values)
    slopes = [weight / total for weight in weights]
    return _combined(value, parts, slopes, is_share=is_share)


def _harmonic(
    values: Sequence[float], parts: Sequence[Estimate], *, raise_to_one: bool
) -> Estimate:
    is_positive = all(value > 0 for value in values)
    if not is_positive and not raise_to_one:
        return Estimate(0.0, None, None)
    raised = values if is_positive else [max(value, 1) for value in values]
    value = len(raised) / reduce(add, (1 / each for each in raised))
    if not is_positive:
        return Estimate(value, None, None)
    slopes = [value * value / (len(values) * each * each) for each in values]
    return _combined(value, parts, slopes, is_share=True)


class _Bar(NamedTuple):
    """The error of a part, and how far its interval reaches down and up."""

    stderr: float
    below: float
    above: float


def _combined(
    value: float, parts: Sequence[Estimate], slopes: Sequence[float], *, is_share: bool
) -> Estimate:
    """A number that grows with each of its independent parts by a slope of 0 or more."""
    bars = [bar for bar in map(_bar, parts) if bar]
    if len(bars) < len(parts):
        return Estimate(value, None, None)
    stderr, below, above = (
        math.hypot(*(slope * reach for slope, reach in zip(slopes, reaches, strict=True)))
        for reaches in zip(*bars, strict=True)
    )
    low, high = value - below, value + above
    if is_share:
        low, high = max(0.0, low), min(_PERCENT, high)
    return Estimate(value, stderr, Interval(low=low, high=high))


def _bar(part: Estimate) -> _Bar | None:
    if part.value is None or part.stderr is None:
        return None
    if part.interval is None:
        return _Bar(part.stderr, _Z * part.stderr, _Z * part.stderr)
    return _Bar(part.stderr, part.value - part.interval.low, part.interval.high - part.value)


def _deviation(values: Sequence[float]) -> float:
    mean = reduce(add, values) / len(values)
    return math.sqrt(reduce(add, ((value - mean) ** 2 for value in values)) / len(values))


def wilson(share: float, n: int) -> Interval:
    """The 95 % score interval of a share of n, in percent."""
    weight = _Z * _Z / n
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return _within(centre - half, centre + half)


def _in_percent(value: float, stderr: float) -> Estimate:
    half = _Z * stderr
    return Estimate(value, stderr, _within((value - half) / _PERCENT, (value + half) / _PERCENT))


def _unbounded(value: float, stderr: float) -> Estimate:
    interval = Interval(low=value - _Z * stderr, high=value + _Z * stderr)
    return Estimate(value, stderr, interval)


def _within(low: float, high: float) -> Interval:
    return Interval(low=max(0.0, low) * _PERCENT, high=min(1.0, high) * _PERCENT)
