"""Cutting a prediction to what a role says (`predRole`).

Pure. OpenCompass 0.2.4 reads what stands between the role's begin and end in the model's meta
template; later versions mean to and do not, so that only profile opencompass@0.2.4 has marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.modelendpoint import ModelEndpointSpec, ModelType
from kompass_worker.prompts.profiles import Quirks


@dataclass(frozen=True)
class Marks:
    """What stands before and after an answer; empty where nothing does."""

    begin: str
    end: str


def marks_of(spec: BenchmarkSpec, endpoint: ModelEndpointSpec, quirks: Quirks) -> Marks | None:
    """The marks of the benchmark's `predRole` in the model's meta template."""
    role = spec.open_compass.pred_role if spec.open_compass else None
    meta = endpoint.meta_template
    if not quirks.answer_marks or role is None or meta is None:
        return None
    if endpoint.model_type is ModelType.CHAT:
        return None
    roles = {held.role: held for held in (*meta.rounds, *meta.reserved_roles)}
    return Marks(roles[role].begin, roles[role].end) if role in roles else None


def trimmed(prediction: str, marks: Marks | None) -> str:
    """The prediction between the marks; one that is not found cuts nothing."""
    if marks is None:
        return prediction
    start = 0
    if marks.begin and marks.begin in prediction:
        start = prediction.index(marks.begin) + len(marks.begin)
    end = prediction.find(marks.end, start) if marks.end else -1
    return prediction[start:end] if end >= 0 else prediction[start:]
