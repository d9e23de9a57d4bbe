"""From answers to verdicts, and from verdicts to numbers with error bars.

`registry` says how a package of your own adds an extraction or a metric.
"""

from kompass_worker.scoring.answers import Answered, CannotJudge, Judgement, Verdict
from kompass_worker.scoring.metrics import METRICS, Metric
from kompass_worker.scoring.verdicts import (
    answered_of,
    check_scoring,
    chosen,
    judged,
    judged_all,
    metric_for,
    score_prediction,
)

__all__ = [
    "METRICS",
    "Answered",
    "CannotJudge",
    "Judgement",
    "Metric",
    "Verdict",
    "answered_of",
    "check_scoring",
    "chosen",
    "judged",
    "judged_all",
    "metric_for",
    "score_prediction",
]
