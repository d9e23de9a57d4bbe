"""The plan of a run.

Pure: the same document and data give the same plan, byte for byte, whatever the order they came in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from kompass_api.evalrun import Sharding
from kompass_api.methods import Method
from kompass_api.plandocument import (
    Plan,
    PlannedGroup,
    PlannedItem,
    PlannedShard,
    PlannedSubject,
)
from kompass_worker.planning.packing import pack
from kompass_worker.prompts.fitting import Fitted

NEW_TOKEN_COST: Final = 8
"""Tokens that can be read in the time one is written, roughly: reading is done in parallel."""


def plan(
    run_digest: str,
    fitted: Mapping[str, Sequence[Fitted]],
    *,
    sharding: Sharding,
    subjects: Sequence[PlannedSubject],
    groups: Sequence[PlannedGroup],
) -> Plan:
    """Every model's questions (model name -> questions, in the run's order) packed into shards."""
    place = {(held.benchmark, held.subject): at for at, held in enumerate(subjects)}
    shards: list[PlannedShard] = []
    for model, questions in fitted.items():
        ordered = sorted(
            questions,
            key=lambda held: (
                place[held.question.benchmark, held.question.subject],
                held.question.row,
            ),
        )
        _refuse_twice(model, ordered)
        for stretch in _stretches(ordered, sharding):
            shards.append(_shard(len(shards), model, stretch))
    return Plan(run_digest=run_digest, subjects=list(subjects), groups=list(groups), shards=shards)


def cost(fitted: Fitted) -> int:
    """Estimated time of a question, in the time it takes to read a token."""
    writes = fitted.question.spec.method is Method.GENERATION
    return fitted.tokens + NEW_TOKEN_COST * fitted.question.max_new_tokens * writes


def _stretches(ordered: Sequence[Fitted], sharding: Sharding) -> Iterator[Sequence[Fitted]]:
    for stretch in pack([cost(held) for held in ordered], sharding):
        yield ordered[stretch.start : stretch.stop]


def _refuse_twice(model: str, ordered: Sequence[Fitted]) -> None:
    ids = [held.question.id for held in ordered]
    if len(set(ids)) < len(ids):
        twice = next(one for one, after in pairwise(ids) if one == after)
        raise ValueError(f"item {twice} is planned twice for model {model}")


def _shard(index: int, model: str, items: Sequence[Fitted]) -> PlannedShard:
    return PlannedShard(
        index=index,
        model=model,
        tokens=sum(held.tokens for held in items),
        items=[_item(held) for held in items],
    )


def _item(held: Fitted) -> PlannedItem:
    return PlannedItem(
        id=held.question.id,
        benchmark=held.question.benchmark,
        subject=held.question.subject,
        row=held.question.row,
        prompt_hash=held.prompt_hash,
        tokens=held.tokens,
        examples=held.examples,
        example_rows=_searched(held),
        examples_dropped=held.examples_dropped,
        truncated=held.truncated,
    )


def _searched(held: Fitted) -> list[int]:
    """Where the examples that fit were found, if they had to be looked for."""
    question = held.question
    return list(question.places[: held.examples]) if question.shots.is_search else []
