"""The plan stage: what is asked of whom, in which shard; written once."""

from __future__ import annotations

import logging

from kompass_api.outcomes import PlanOutcome
from kompass_api.plandocument import Plan
from kompass_api.rundocument import ResolvedModel, canonical_json, digest_of
from kompass_api.status import PlannedModel
from kompass_worker.errors import InvalidData, WorkerError
from kompass_worker.inference.layout import PLAN_KEY, RUN_KEY
from kompass_worker.planning.groups import run_groups
from kompass_worker.planning.plans import plan
from kompass_worker.prompts import Fitted, Question, fit
from kompass_worker.scoring import check_scoring
from kompass_worker.stages.questions import for_model, material_of
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store.protocol import AlreadyExists, ObjectStore

logger = logging.getLogger(__name__)


def check_storage(store: ObjectStore, document: str) -> None:
    """List, write and read: what shards need is tried before one starts."""
    # Listing comes first: some services make a missing bucket when something is written into it.
    store.entries(RUN_KEY)
    try:
        store.put_new(RUN_KEY, document.encode())
    except AlreadyExists:
        if store.get(RUN_KEY).decode() != document:
            raise InvalidData(
                f"{store.uri} holds another run: its {RUN_KEY} is not this run's"
            ) from None


def run_plan(place: Workplace) -> PlanOutcome:
    """Plan the run; the same document and data give the same plan, so this may be repeated."""
    return write_plan(place.store, make_plan(place))


def make_plan(place: Workplace) -> Plan:
    """The plan of the run's document and data."""
    materials = [
        material_of(asked, place.fetcher, place.manner) for asked in place.document.benchmarks
    ]
    asked = {
        (material.asked.name, subject.name): material.asked_of(subject)
        for material in materials
        for subject in material.chosen
    }
    every = [question for some in asked.values() for question in some.questions]
    if not every:
        raise InvalidData("the benchmarks of this run hold no question: their data has no rows")
    for some in asked.values():
        _check_scoring(some.questions[:1])
    fitted = {model.name: _fitted(place, model, every) for model in place.document.models}
    subjects = [
        material.planned_subject(subject, asked[material.asked.name, subject.name])
        for material in materials
        for subject in material.chosen
    ]
    groups = [group for material in materials for group in material.planned_groups()]
    return plan(
        place.document.digest,
        fitted,
        sharding=place.document.sharding,
        subjects=subjects,
        groups=[*groups, *run_groups(place.document.table.groups, subjects, groups)],
    )


def _check_scoring(some: list[Question]) -> None:
    """A misspelt metric is found before a model is loaded, not when its answers are there."""
    for question in some:
        check_scoring(
            question.spec, question.sheet.subject, question.benchmark, dict(question.values)
        )


def _fitted(place: Workplace, model: ResolvedModel, every: list[Question]) -> list[Fitted]:
    tokenizer = place.models.tokenizer(model)
    fitted = fit(list(for_model(every, model.spec)), tokenizer, model.spec)
    logger.info(
        "prompts fit",
        extra={
            "model": model.name,
            "items": len(fitted),
            "tokens": sum(held.tokens for held in fitted),
            "examples_dropped": sum(held.examples_dropped for held in fitted),
            "truncated": sum(held.truncated for held in fitted),
        },
    )
    return fitted


def write_plan(store: ObjectStore, planned: Plan) -> PlanOutcome:
    """Write plan.json once; one that is there must be the same."""
    content = canonical_json(planned.model_dump(mode="json", by_alias=True)).encode()
    try:
        store.put_new(PLAN_KEY, content)
    except AlreadyExists:
        _check_same(store, planned, content)
    return outcome_of(planned, digest_of(content))


def _check_same(store: ObjectStore, planned: Plan, content: bytes) -> None:
    held = store.get(PLAN_KEY)
    if held == content:
        return
    before = Plan.model_validate_json(held)
    digests = [{row.subject: row.data_digest for row in one.subjects} for one in (before, planned)]
    if digests[0] != digests[1]:
        raise InvalidData(
            f"the data has changed since {store.uri}/{PLAN_KEY} was written: restore it, or start "
            "a new run"
        )
    raise WorkerError(
        f"{store.uri}/{PLAN_KEY} is another plan of the same run document and data: planning "
        "must be repeatable, so this is a bug in Kompass (or another version of it wrote the plan)"
    )


def outcome_of(planned: Plan, digest: str) -> PlanOutcome:
    """What the operator has to know of a plan."""
    models = dict.fromkeys(shard.model for shard in planned.shards)
    return PlanOutcome(
        models=[
            PlannedModel(name=name, shards=sum(shard.model == name for shard in planned.shards))
            for name in models
        ],
        items=sum(len(shard.items) for shard in planned.shards),
        digest=digest,
    )
