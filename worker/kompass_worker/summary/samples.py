"""One line for every answer, with its verdict.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kompass_api.plandocument import Plan, PlannedItem
from kompass_api.results import Prediction, Sample
from kompass_worker.prompts.questions import Question
from kompass_worker.scoring.verdicts import score_prediction
from kompass_worker.summary.answers import ItemKey, planned_items


def samples(
    plan: Plan, questions: Iterable[Question], predictions: Mapping[ItemKey, Prediction]
) -> list[Sample]:
    """The samples of the items that were answered, in the plan's order."""
    asked = {question.id: question for question in questions}
    return list(_samples(plan, asked, predictions))


def _samples(
    plan: Plan, asked: Mapping[str, Question], predictions: Mapping[ItemKey, Prediction]
) -> Iterator[Sample]:
    for (model, item_id), item in planned_items(plan).items():
        prediction = predictions.get((model, item_id))
        if prediction is not None:
            yield _sample(model, item, asked[item_id], prediction)


def _sample(model: str, item: PlannedItem, question: Question, prediction: Prediction) -> Sample:
    verdict = score_prediction(
        question.spec,
        question.sheet.subject,
        prediction,
        question.reference,
        dict(question.values),
    )
    return Sample(
        model=model,
        item=item.id,
        benchmark=item.benchmark,
        subject=item.subject,
        row=item.row,
        mode=question.spec.method.mode,
        prompt_hash=prediction.prompt_hash,
        prediction=prediction.prediction,
        reasoning=prediction.reasoning,
        extracted=verdict.extracted,
        reference=question.reference,
        score=verdict.score,
        unscored_reason=verdict.unscored_reason,
        scores=prediction.scores,
        tokens_in=prediction.tokens_in,
        tokens_out=prediction.tokens_out,
        finish_reason=prediction.finish_reason,
        examples=item.examples,
        examples_dropped=item.examples_dropped,
        truncated=item.truncated,
    )
