"""Metrics of labels that are told apart: Matthews' correlation, the area under the ROC curve.

Pure. Neither is a mean; the error bar is the jackknife's.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final

from kompass_worker.errors import InvalidData
from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.metrics.choices import is_same
from kompass_worker.scoring.metrics.metric import Metric, corpus_metric

_PERCENT: Final = 100.0
_TWO: Final = 2


def matthews() -> Metric:
    """Matthews' correlation of answers and references, of any number of labels."""

    def judge(answered: Answered) -> Judgement:
        return Judgement({"matthews_correlation": float(is_same(answered))})

    return corpus_metric({"matthews_correlation": _matthews}, judge, is_share=True)


def auc_roc() -> Metric:
    """Area under the ROC curve of the second label's probability; and accuracy."""

    def judge(answered: Answered) -> Judgement:
        _check_two(answered)
        right = float(is_same(answered))
        return Judgement({"auc_score": right, "accuracy": right})

    return corpus_metric({"auc_score": _area, "accuracy": _share}, judge, is_share=True)


def _matthews(answers: Sequence[Answered]) -> float | None:
    # The generalisation to several labels (Gorodkin 2004), in whole numbers until the end.
    if not answers:
        return None
    total = len(answers)
    given = Counter(answered.answer for answered in answers)
    wanted = Counter(answered.reference for answered in answers)
    right = sum(map(is_same, answers))
    covariance = right * total - sum(given[label] * wanted[label] for label in wanted)
    spread_given = total * total - sum(count * count for count in given.values())
    spread_wanted = total * total - sum(count * count for count in wanted.values())
    if not spread_given * spread_wanted:
        return 0.0
    return _PERCENT * covariance / math.sqrt(spread_given * spread_wanted)


def _area(answers: Sequence[Answered]) -> float | None:
    # The share of pairs that are in the right order, ties counting a half (Mann and Whitney 1947).
    positive = [_likelihood(each) for each in answers if _is_positive(each)]
    negative = sorted(_likelihood(each) for each in answers if not _is_positive(each))
    if not positive or not negative:
        return None
    below = sum(bisect_left(negative, value) + bisect_right(negative, value) for value in positive)
    return _PERCENT * below / (2 * len(positive) * len(negative))


def _share(answers: Sequence[Answered]) -> float | None:
    return sum(map(is_same, answers)) / len(answers) * _PERCENT if answers else None


def _is_positive(answered: Answered) -> bool:
    return answered.reference == answered.scores[1].label


def _likelihood(answered: Answered) -> float:
    return math.exp(-answered.scores[1].nll)


def _check_two(answered: Answered) -> None:
    if len(answered.scores) != _TWO:
        labels = ", ".join(score.label for score in answered.scores) or "none"
        raise InvalidData(
            f"the metric auc_roc needs the probabilities of two labels (has: {labels}): use it "
            "with method ConditionalLogProbability and two labels"
        )
