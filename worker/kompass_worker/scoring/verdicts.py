"""The verdict on one answer.

Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.results import Prediction
from kompass_worker.scoring.extraction import EXTRACTIONS
from kompass_worker.scoring.metrics import METRICS

NO_REFERENCE = "NoReference"
"""The data holds no answer, as in a test set that is to be submitted."""

NOT_FINITE = "PerplexityNotFinite"
"""The model's numbers overflowed: no label can be said to be the likeliest."""


@dataclass(frozen=True)
class Verdict:
    """What was read out of an answer, and what it is worth."""

    extracted: str | None
    score: float | None
    """None where it cannot be judged; it leaves the mean and is counted."""
    unscored_reason: str | None = None


def score_prediction(spec: BenchmarkSpec, prediction: Prediction, reference: str) -> Verdict:
    """The verdict; an answer in which nothing is found is wrong, as OpenCompass counts it."""
    if any(not math.isfinite(label.nll) for label in prediction.scores):
        return Verdict(None, None, NOT_FINITE)
    extracted = prediction.prediction
    for step in spec.extraction:
        extracted = EXTRACTIONS[step.name](extracted)
    if not reference:
        return Verdict(extracted, None, NO_REFERENCE)
    return Verdict(extracted, METRICS[spec.metric.name](extracted, reference))
