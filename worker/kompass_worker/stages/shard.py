"""The shard stage: answers the items of one shard, resuming what others began."""

from __future__ import annotations

import logging
import os
import platform
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kompass_api.plandocument import PlannedItem, PlannedShard
from kompass_api.results import Environment, Manifest, Prediction, Timings
from kompass_api.rundocument import ResolvedModel
from kompass_worker import measures
from kompass_worker.backends.protocol import Backend
from kompass_worker.errors import INFRASTRUCTURE, InvalidData, InvalidRequest, WorkerError
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.inference.committing import Committer
from kompass_worker.inference.parts import StoredPart
from kompass_worker.inference.progress import Progress
from kompass_worker.prompts import prompt_hash
from kompass_worker.prompts.requests import Group, Request
from kompass_worker.stages.questions import for_model, material_of
from kompass_worker.stages.workplace import StoredPlan, Workplace, read_plan

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluated:
    """What an attempt did."""

    environment: Environment | None
    """None where nothing was left to do and no model was loaded."""
    timings: Timings


@dataclass(frozen=True)
class Terms:
    """How a shard is carried out."""

    repair: int = 0
    """Round of the gap that it fills; 0: none."""
    max_restarts: int | None = None
    """Interruptions that one Job may have."""


def run_shard(place: Workplace, index: int, progress: Progress, terms: Terms = Terms()) -> None:
    """Answer every item of the shard that has no answer yet, and finish the shard."""
    folder = ShardFolder(place.store, index)
    stored = read_plan(place)
    shard = _shard_of(stored, index)
    if folder.manifest(terms.repair) is not None:
        logger.info("shard is finished already", extra={"shard": index})
        progress(len(shard.items), len(shard.items))
        return
    attempt = folder.claim(
        f"{platform.node()}/{os.getpid()}/{uuid.uuid4().hex}",
        job=place.settings.job_uid,
        max_restarts=terms.max_restarts,
    )
    answered = {one.item for held in _parts(folder, shard, terms) for one in held.predictions}
    left = [item for item in shard.items if item.id not in answered]
    logger.info(
        "attempt starts",
        extra={"shard": index, "attempt": attempt, "items": len(shard.items), "left": len(left)},
    )
    try:
        evaluated = _evaluate(place, shard, left, folder=folder, attempt=attempt, progress=progress)
    except WorkerError as error:
        if not isinstance(error, INFRASTRUCTURE):
            folder.fail(attempt, error.failure)
        raise
    manifest = _manifest(folder, shard, _parts(folder, shard, terms), stored.digest, evaluated)
    folder.finish(manifest, terms.repair)


def _parts(folder: ShardFolder, shard: PlannedShard, terms: Terms) -> list[StoredPart]:
    """What counts as answered: every part, or those that are sound where a gap is to be filled."""
    if not terms.repair:
        return folder.parts()
    return folder.sound_parts({item.id: item.prompt_hash for item in shard.items}, terms.repair)


def _shard_of(stored: StoredPlan, index: int) -> PlannedShard:
    if not 0 <= index < len(stored.plan.shards):
        raise InvalidRequest(f"the plan has shards 0 to {len(stored.plan.shards) - 1}, not {index}")
    return stored.plan.shards[index]


def _evaluate(
    place: Workplace,
    shard: PlannedShard,
    left: Sequence[PlannedItem],
    *,
    folder: ShardFolder,
    attempt: int,
    progress: Progress,
) -> Evaluated:
    if not left:
        return Evaluated(None, Timings(**dict.fromkeys(Timings.model_fields, 0.0)))
    model = _model_of(place, shard)
    with place.stop.interruptible():
        groups = groups_of(left, requests_of(place, model, left))
        loaded = place.models.load(model)
    measures.spent("fetch", loaded.fetch_seconds)
    measures.spent("load", loaded.load_seconds)
    folder.put_environment(attempt, loaded.backend.environment)
    committer = Committer(
        store=place.store,
        shard=shard.index,
        attempt=attempt,
        part_items=place.settings.part_items,
        part_seconds=place.settings.part_seconds,
        clock=place.clock,
    )
    started = place.clock()
    total = len(shard.items)
    done = total - len(left)
    progress(done, total)
    hashes = {item.id: item.prompt_hash for item in left}
    for prediction in _answers(place, loaded.backend, groups, committer):
        hashed = {"prompt_hash": hashes[prediction.item]}
        committer.add(prediction.model_copy(update=hashed))
        measures.answered(prediction)
        done += 1
        progress(done, total)
    committer.flush()
    return Evaluated(
        loaded.backend.environment,
        Timings(
            fetch_seconds=loaded.fetch_seconds,
            load_seconds=loaded.load_seconds,
            evaluate_seconds=place.clock() - started - committer.seconds,
            store_seconds=committer.seconds,
        ),
    )


def _answers(
    place: Workplace, backend: Backend, groups: Sequence[Group], committer: Committer
) -> Iterator[Prediction]:
    """The backend's answers; what came before a stop or a failure is committed."""
    answers = backend.answer(groups)
    while True:
        try:
            with place.stop.interruptible(), measures.spending("answer"):
                answer = next(answers, None)
        except WorkerError:
            committer.flush()
            raise
        if answer is None:
            return
        yield answer


def groups_of(items: Sequence[PlannedItem], requests: Sequence[Request]) -> list[Group]:
    """The requests of each subject together: they begin with the same examples."""
    found: dict[tuple[str, str], list[Request]] = {}
    for item, request in zip(items, requests, strict=True):
        found.setdefault((item.benchmark, item.subject), []).append(request)
    return [Group(tuple(held)) for held in found.values()]


def requests_of(
    place: Workplace, model: ResolvedModel, items: Sequence[PlannedItem]
) -> list[Request]:
    """The items' requests, rendered again from the data and checked against the plan."""
    wanted = {(item.benchmark, item.subject) for item in items}
    asked = {
        question.id: question
        for benchmark in place.document.benchmarks
        if any(benchmark.name == name for name, _ in wanted)
        for material in [material_of(benchmark, place.fetcher, place.manner)]
        for subject in material.chosen
        if (benchmark.name, subject.name) in wanted
        for question in for_model(material.questions(subject), model.spec)
    }
    requests = []
    for item in items:
        question = asked.get(item.id)
        if question and item.example_rows:
            question = question.with_known(tuple(item.example_rows))
        request = question.request(item.examples, model.spec) if question else None
        if request is None or prompt_hash(request) != item.prompt_hash:
            raise InvalidData(
                f"item {item.id} is not what it was when the run was planned: its data has "
                "changed; restore it, or start a new run",
                item=item.id,
            )
        requests.append(request)
    return requests


def _model_of(place: Workplace, shard: PlannedShard) -> ResolvedModel:
    return next(model for model in place.document.models if model.name == shard.model)


def _manifest(
    folder: ShardFolder,
    shard: PlannedShard,
    stored: list[StoredPart],
    plan_digest: str,
    evaluated: Evaluated,
) -> Manifest:
    rows = [one.item for held in stored for one in held.predictions]
    distinct = set(rows)
    missing = [item.id for item in shard.items if item.id not in distinct]
    if missing:
        raise InvalidData(f"shard {shard.index}: {len(missing)} answers are gone: {missing[:3]}")
    attempts = {held.part.attempt for held in stored}
    return Manifest(
        shard=shard.index,
        model=shard.model,
        plan_digest=plan_digest,
        parts=[held.part for held in stored],
        items=len(distinct),
        duplicates=len(rows) - len(distinct),
        environment=evaluated.environment or folder.environment(attempts),
        timings=evaluated.timings,
    )
