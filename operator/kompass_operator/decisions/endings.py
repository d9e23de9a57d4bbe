"""When a run has failed, and why. Pure.

A run fails only by a Job that gave up, more shards given up than may be, a pod that waited too long
for what does not exist, the deadline, or an API server that refuses its objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import FailureClass
from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.conditions import Ending
from kompass_operator.decisions.admission import parked
from kompass_operator.decisions.budgets import MEMORY_STRIKES, Abandoned
from kompass_operator.decisions.gaps import is_repairable
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.readings import (
    awaits_outcome,
    failures_of,
    plan_outcome,
    report_outcome,
    succeeded_pods,
)
from kompass_operator.decisions.waits import Wait
from kompass_operator.failures import DETERMINISTIC, place, reason_of
from kompass_operator.names import Stage
from kompass_operator.observed import JobState, Observed

ALIKE: Final = 2
"""Shards that fail the same way: the others would too."""


def first_ending(
    run: EvalRun,
    picture: Picture,
    seen: Observed,
    *,
    lost: Sequence[Abandoned],
    waits: Iterable[Wait],
    now: datetime,
) -> Ending | None:
    """The first reason to end the run, or None."""
    reasons = (
        *_refused(run, seen),
        *_failed_stages(run, picture, seen),
        *_silent(picture, seen),
        *parked(picture, seen),
        *_too_many(run, picture, lost, seen.status),
        *(ending for wait in waits if (ending := wait.ending(now)) is not None),
        *_late(run, seen.status, now),
    )
    return next(iter(reasons), None)


def deadline_of(run: EvalRun, status: EvalRunStatus) -> datetime | None:
    """When the run's time is over."""
    seconds = run.spec.execution.deadline_seconds
    if seconds is None or status.start_time is None:
        return None
    return datetime.fromisoformat(status.start_time) + timedelta(seconds=seconds)


def _refused(run: EvalRun, seen: Observed) -> Iterator[Ending]:
    if seen.refusals.collision:
        yield Ending(
            Reason.NAME_COLLISION,
            f"{seen.refusals.collision} exists in namespace {run.metadata.namespace} and belongs "
            "to something else: delete it, or apply the run under another name",
        )
    if seen.refusals.invalid:
        yield Ending(
            Reason.INVALID_SPEC,
            f"the API server refuses what the run asks for: {seen.refusals.invalid}",
        )


def _failed_stages(run: EvalRun, picture: Picture, seen: Observed) -> Iterator[Ending]:
    summarize = picture.summarize if picture.all_done else None
    for job in (picture.plan, summarize):
        if job is None or job.deleting or is_repairable(picture, seen):
            continue
        failures = failures_of(run, job, picture, seen)
        kills = [one for one in failures if one.failure == FailureClass.OUT_OF_MEMORY]
        if job.state is JobState.FAILED or len(kills) >= MEMORY_STRIKES:
            yield _ending(job.stage, picture.place_of(job), failures[-1], len(failures))


def _too_many(
    run: EvalRun, picture: Picture, lost: Sequence[Abandoned], status: EvalRunStatus
) -> Iterator[Ending]:
    """More shards given up than may be, two of them alike, or nothing left that goes on."""
    failed = picture.ledger.failed
    causes = [fate.cause for fate in lost]
    causes += [one for one in status.failures if one.shard in failed]
    alike = _alike(causes)
    is_over = bool(failed) and len(failed | picture.ledger.completed) == len(picture.shards)
    if len(failed) > run.spec.retry.max_failed_shards or is_over or alike is not None:
        yield _of_shards(picture, alike or next(iter(causes), None), len(failed))


def _of_shards(picture: Picture, cause: Failure | None, count: int) -> Ending:
    if cause is None:
        return Ending(Reason.SHARDS_FAILED, f"{count} shards were given up", Stage.SHARD)
    ending = _ending(Stage.SHARD, _place(picture, cause), cause, cause.attempt)
    tail = f"; {count} shards were given up" if count > 1 else ""
    return Ending(ending.reason, ending.message + tail, Stage.SHARD)


def _alike(causes: Sequence[Failure]) -> Failure | None:
    """A failure that two shards have for a reason that does not come by chance."""
    shards = Counter(kind for kind, _ in {(one.failure, one.shard) for one in causes})
    return next(
        (one for one in causes if one.failure in DETERMINISTIC and shards[one.failure] >= ALIKE),
        None,
    )


def _place(picture: Picture, cause: Failure) -> str:
    model = picture.models[cause.shard] if cause.shard is not None else None
    return place(Stage.SHARD, cause.shard, model)


def _ending(stage: Stage, where: str, cause: Failure, attempts: int) -> Ending:
    tried = f" (after {attempts} attempts)" if attempts > 1 else ""
    traces = f"; see `{cause.log}`" if cause.pod else ""
    return Ending(
        reason_of(stage, cause.failure), f"{where}: {cause.message}{tried}{traces}", stage
    )


def _silent(picture: Picture, seen: Observed) -> Iterator[Ending]:
    for job in (picture.plan, picture.summarize):
        if job is None or not awaits_outcome(job, seen) or not succeeded_pods(job, seen):
            continue
        outcome = plan_outcome if job.stage is Stage.PLAN else report_outcome
        if outcome(job, seen) is None:
            yield Ending(
                Reason.INTERNAL_ERROR,
                f"the {job.stage} pod of Job {job.name} ended well but left no outcome in its "
                "termination message: is the operator's worker image the one of this release?",
                job.stage,
            )


def _late(run: EvalRun, status: EvalRunStatus, now: datetime) -> Iterator[Ending]:
    deadline = deadline_of(run, status)
    if deadline is not None and now >= deadline:
        yield Ending(
            Reason.DEADLINE_EXCEEDED,
            f"the run took longer than spec.execution.deadlineSeconds "
            f"({run.spec.execution.deadline_seconds}) with {status.progress or 'no'} shards done",
        )
