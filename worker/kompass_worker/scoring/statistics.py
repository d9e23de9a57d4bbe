"""Means with their uncertainty, in percent.

Pure. Sources: standard error of a mean, sample deviation with n - 1 (Miller, "Adding Error Bars to
Evals", 2024, section 2); interval of a share, Wilson's score interval (Wilson 1927; Brown, Cai and
DasGupta 2001 recommend it also for few items, and it stays within 0 and 100 where every answer
is right); other means and means of means, the normal interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from statistics import NormalDist
from typing import Final

from kompass_api.results import Interval

_Z: Final = NormalDist().inv_cdf(0.975)
_PERCENT: Final = 100.0


@dataclass(frozen=True)
class Estimate:
    """A mean in percent; what cannot be said of it is None."""

    value: float | None
    stderr: float | None
    interval: Interval | None


UNKNOWN: Final = Estimate(None, None, None)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of values from 0 to 1; below two of them there is no error bar."""
    n = len(values)
    if n == 0:
        return UNKNOWN
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean * _PERCENT, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    stderr = deviation / math.sqrt(n)
    is_share = all(value in {0.0, 1.0} for value in values)
    interval = wilson(mean, n) if is_share else _normal(mean, stderr)
    return Estimate(mean * _PERCENT, stderr * _PERCENT, interval)


def unweighted(parts: Sequence[Estimate]) -> Estimate:
    """The plain mean of independent means, a large part counting as much as a small one."""
    values = [part.value for part in parts if part.value is not None]
    if not parts or len(values) < len(parts):
        return UNKNOWN
    # As OpenCompass adds: from left to right, without fsum or the compensation that sum() has since
    # Python 3.12. A mean on the edge of two decimals would print differently.
    value = reduce(add, values) / len(values)
    errors = [part.stderr for part in parts if part.stderr is not None]
    if len(errors) < len(parts):
        return Estimate(value, None, None)
    stderr = math.sqrt(math.fsum(error * error for error in errors)) / len(errors)
    return Estimate(value, stderr, _normal(value / _PERCENT, stderr / _PERCENT))


def wilson(share: float, n: int) -> Interval:
    """The 95 % score interval of a share of n, in percent."""
    weight = _Z * _Z / n
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return _within(centre - half, centre + half)


def _normal(mean: float, stderr: float) -> Interval:
    return _within(mean - _Z * stderr, mean + _Z * stderr)


def _within(low: float, high: float) -> Interval:
    return Interval(low=max(0.0, low) * _PERCENT, high=min(1.0, high) * _PERCENT)
