"""Metrics of answers that are the same text or not.

Pure.
"""

from __future__ import annotations

from kompass_worker.scoring.answers import Answered
from kompass_worker.scoring.metrics.metric import Metric, share_metric


def accuracy() -> Metric:
    """The share that is the reference, as text: nothing is stripped, case counts."""
    return share_metric("accuracy", is_same)


def is_same(answered: Answered) -> bool:
    """Whether the answer is the reference's text."""
    return answered.answer == answered.reference
