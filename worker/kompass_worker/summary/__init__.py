"""From answers to a report: proof of completeness, samples, scores, headline."""

from kompass_worker.summary.answers import Answer, completeness, distinct, is_complete
from kompass_worker.summary.headlines import headline
from kompass_worker.summary.reports import report_of
from kompass_worker.summary.samples import JudgedSample, samples
from kompass_worker.summary.scores import metrics_of, scores
from kompass_worker.summary.submissions import submissions

__all__ = [
    "Answer",
    "JudgedSample",
    "completeness",
    "distinct",
    "headline",
    "is_complete",
    "metrics_of",
    "report_of",
    "samples",
    "scores",
    "submissions",
]
