"""Answers against the plan: what counts, what is missing, what was not asked.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kompass_api.plandocument import Plan, PlannedItem
from kompass_api.results import Completeness, Prediction

_NAMED: Final = 100
"""Missing items that are named."""

ItemKey = tuple[str, str]
"""Model and item."""


@dataclass(frozen=True)
class Answer:
    """A line of a part, and whose it is."""

    model: str
    attempt: int
    prediction: Prediction

    @property
    def key(self) -> ItemKey:
        """Model and item."""
        return self.model, self.prediction.item


def distinct(answers: Iterable[Answer]) -> dict[ItemKey, Prediction]:
    """One prediction for each model and item: of the lowest attempt, the first one in it."""
    held: dict[ItemKey, Answer] = {}
    for answer in answers:
        first = held.get(answer.key)
        if first is None or answer.attempt < first.attempt:
            held[answer.key] = answer
    return {key: answer.prediction for key, answer in held.items()}


def completeness(plan: Plan, answers: Iterable[Answer]) -> Completeness:
    """The proof that every planned item was answered, and to the prompt that was planned."""
    given = list(answers)
    planned = planned_items(plan)
    fitting = {
        key for key, prediction in distinct(given).items() if _is_planned(prediction, planned, key)
    }
    missing = [f"{model}/{item}" for model, item in planned if (model, item) not in fitting]
    strangers = sum(not _is_planned(held.prediction, planned, held.key) for held in given)
    return Completeness(
        planned=len(planned),
        answered=len(fitting),
        duplicates=len(given) - strangers - len(fitting),
        missing=missing[:_NAMED],
        unexpected=strangers,
    )


def is_complete(proof: Completeness) -> bool:
    """Whether every planned item was answered, and nothing else."""
    return proof.answered == proof.planned and not proof.unexpected


def planned_items(plan: Plan) -> dict[ItemKey, PlannedItem]:
    """Every planned item, in the plan's order."""
    return {(shard.model, item.id): item for shard in plan.shards for item in shard.items}


def _is_planned(
    prediction: Prediction, planned: Mapping[ItemKey, PlannedItem], key: ItemKey
) -> bool:
    item = planned.get(key)
    return item is not None and item.prompt_hash == prediction.prompt_hash
