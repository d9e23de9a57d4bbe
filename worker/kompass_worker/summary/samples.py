"""One line for every answer, with its verdict.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.plandocument import Plan, PlannedItem
from kompass_api.results import Prediction, Sample
from kompass_api.rundocument import ResolvedModel
from kompass_worker.prompts.questions import Question
from kompass_worker.prompts.trimming import trimmed
from kompass_worker.scoring.answers import Verdict
from kompass_worker.scoring.verdicts import in_turn, metric_for, score_prediction
from kompass_worker.summary.answers import ItemKey, planned_items


class JudgedSample(NamedTuple):
    """A line of samples.jsonl.zst, and the verdict that a metric sums up."""

    sample: Sample
    verdict: Verdict


def samples(
    plan: Plan,
    models: Sequence[ResolvedModel],
    questions: Iterable[Question],
    predictions: Mapping[ItemKey, Prediction],
) -> list[JudgedSample]:
    """The samples of the items that were answered, in the plan's order."""
    asked = {question.id: question for question in questions}
    endpoints = {model.name: model.spec for model in models}
    answered = [
        _Answered(key[0], item, asked[item.id], predictions[key])
        for key, item in planned_items(plan).items()
        if key in predictions
    ]

    def judged(held: _Answered) -> JudgedSample:
        verdict = verdict_of(held.question, endpoints[held.model], held.prediction)
        return JudgedSample(_sample(*held, verdict), verdict)

    waits = any(
        metric_for(question.spec, question.sheet.subject).is_slow for question in asked.values()
    )
    return in_turn(judged, answered, at_once=waits)


class _Answered(NamedTuple):
    model: str
    item: PlannedItem
    question: Question
    prediction: Prediction


def verdict_of(question: Question, endpoint: ModelEndpointSpec, prediction: Prediction) -> Verdict:
    """What the answer is worth, read between the marks that the run's profile cuts at."""
    marks = question.marks(endpoint)
    cut = prediction.model_copy(
        update={
            "prediction": trimmed(prediction.prediction, marks),
            "samples": [trimmed(text, marks) for text in prediction.samples],
        }
    )
    return score_prediction(
        question.spec,
        question.sheet.subject,
        cut if marks else prediction,
        question.reference,
        dict(question.values),
    )


def _sample(
    model: str, item: PlannedItem, question: Question, prediction: Prediction, verdict: Verdict
) -> Sample:
    return Sample(
        model=model,
        item=item.id,
        benchmark=item.benchmark,
        subject=item.subject,
        row=item.row,
        mode=question.spec.method.mode,
        prompt_hash=prediction.prompt_hash,
        prediction=prediction.prediction,
        samples=prediction.samples,
        turns=prediction.turns,
        reasoning=prediction.reasoning,
        extracted=verdict.extracted,
        reference=question.reference,
        score=verdict.score,
        values=dict(verdict.values) if len(verdict.values) > 1 else {},
        unscored_reason=verdict.unscored_reason,
        scores=prediction.scores,
        tokens_in=prediction.tokens_in,
        tokens_out=prediction.tokens_out,
        finish_reason=prediction.finish_reason,
        examples=item.examples,
        examples_dropped=item.examples_dropped,
        truncated=item.truncated,
    )
