"""Metrics of formulas that are compared by what they mean (math-verify).

Pure but for the processes that compare (`scoring.symbolic`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kompass_worker.scoring.answers import Answered, CannotJudge, Judgement
from kompass_worker.scoring.deadlines import check_seconds
from kompass_worker.scoring.metrics.metric import Metric, mean_metric
from kompass_worker.scoring.statistics import estimate_scaled
from kompass_worker.scoring.symbolic import COMPARERS, Outcome

_REASONS: Final = {
    Outcome.UNREADABLE: "ReferenceNotReadable",
    Outcome.TOO_SLOW: "ComparisonTooSlow",
    Outcome.FAILED: "ComparisonFailed",
}


def math_verify_1(*, seconds: float = 10.0) -> Metric:
    """The share whose final answer is the reference's formula; some cannot be compared."""
    check_seconds(seconds)

    def judge(answered: Answered) -> Judgement:
        outcome = COMPARERS.compare(
            answered.answer, answered.reference, as_opencompass=False, seconds=seconds
        )
        if outcome in _REASONS:
            raise CannotJudge(_REASONS[outcome])
        return Judgement({"accuracy": float(outcome is Outcome.SAME)})

    return replace(mean_metric(["accuracy"], judge, is_share=True), is_slow=True)


def math_verify_0_5(*, seconds: float = 10.0) -> Metric:
    """OpenCompass' `MATHVerifyEvaluator` on the whole answer; what it cannot compare is wrong."""
    check_seconds(seconds)

    def judge(answered: Answered) -> Judgement:
        outcome = COMPARERS.compare(
            answered.answer, answered.reference, as_opencompass=True, seconds=seconds
        )
        return Judgement({"accuracy": float(outcome is Outcome.SAME)})

    found = mean_metric(["accuracy"], judge, mean=estimate_scaled, is_share=True)
    return replace(found, is_slow=True)
