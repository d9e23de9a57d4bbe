"""Metrics of formulas and numbers, compared by their spelling.

Pure. `symbolic` has the ones that compare what is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kompass_worker.scoring.answers import Answered
from kompass_worker.scoring.equivalence import same_agieval, same_v1, same_v2
from kompass_worker.scoring.metrics.metric import Mean, Metric, share_metric
from kompass_worker.scoring.statistics import estimate, estimate_scaled

_CLOSE: Final = 1e-6


def math_v1() -> Metric:
    """The share that is the reference in one spelling of LaTeX (the MATH data set's)."""
    return _formulas("accuracy", same_v1, estimate_scaled)


def math_v2() -> Metric:
    """The same with OpenCompass' longer list of spellings."""
    return _formulas("accuracy", same_v2, estimate_scaled)


def agieval_math() -> Metric:
    """AGIEval's cloze problems, under `score`."""
    return _formulas("score", same_agieval, estimate)


def gsm8k() -> Metric:
    """The share that is the reference as text or, of a whole number, up to a millionth."""
    return share_metric("accuracy", _same_number, mean=estimate_scaled)


def _formulas(row: str, is_same: Callable[[str, str], bool], mean: Mean) -> Metric:
    return share_metric(
        row, lambda answered: is_same(answered.answer, answered.reference), mean=mean
    )


def _same_number(answered: Answered) -> bool:
    if answered.answer == answered.reference:
        return True
    try:
        return abs(float(answered.answer) - int(answered.reference)) < _CLOSE
    except (ValueError, OverflowError):
        return False
