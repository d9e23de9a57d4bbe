"""When a run has failed, and why. Pure.

A run fails only by a Job that gave up, a shard that ran out of memory twice, a pod that waited too
long for what does not exist, the deadline, or an API server that refuses its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import FailureClass
from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.conditions import Ending
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.readings import (
    awaits_outcome,
    plan_outcome,
    report_outcome,
    succeeded_pods,
)
from kompass_operator.decisions.waits import Wait
from kompass_operator.failures import reason_of
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, Observed

MEMORY_STRIKES: Final = 2
"""Kills of one shard for its memory: a third would end the same way."""


def first_ending(
    run: EvalRun,
    picture: Picture,
    seen: Observed,
    *,
    status: EvalRunStatus,
    waits: Iterable[Wait],
    now: datetime,
) -> Ending | None:
    """The first reason to end the run, or None."""
    reasons = (
        *_refused(run, seen),
        *_given_up(picture, status.failures),
        *_silent(picture, seen),
        *_out_of_memory(picture, status.failures),
        *(ending for wait in waits if (ending := wait.ending(now)) is not None),
        *_late(run, status, now),
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


def _given_up(picture: Picture, failures: list[Failure]) -> Iterator[Ending]:
    failed = [job for job in picture.jobs if job.state is JobState.FAILED and not job.deleting]
    for job in sorted(failed, key=lambda job: (job.ended or job.created, job.name)):
        cause = _cause(job, failures)
        if cause is not None:
            yield Ending(
                reason_of(job.stage, cause.failure),
                f"{picture.place_of(job)}: {cause.message}{_attempts(job)}{_traces(cause)}",
                job.stage,
            )


def _cause(job: JobFacts, failures: list[Failure]) -> Failure | None:
    own = [
        failure
        for failure in failures
        if (failure.stage, failure.shard) == (job.stage.value, job.shard)
    ]
    late = [failure for failure in own if failure.failure == FailureClass.DEADLINE_EXCEEDED]
    return next(iter((*late, *own)), None)


def _attempts(job: JobFacts) -> str:
    return f" (after {job.failed} attempts)" if job.failed > 1 else ""


def _traces(cause: Failure) -> str:
    return f"; see the log of pod {cause.pod}" if cause.pod else ""


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


def _out_of_memory(picture: Picture, failures: list[Failure]) -> Iterator[Ending]:
    for job in picture.open:
        kills = [
            failure
            for failure in failures
            if (failure.stage, failure.shard) == (job.stage.value, job.shard)
            and failure.failure == FailureClass.OUT_OF_MEMORY
        ]
        if len(kills) >= MEMORY_STRIKES:
            yield Ending(
                Reason.OUT_OF_MEMORY,
                f"{picture.place_of(job)} ran out of memory {len(kills)} times: {kills[0].message}",
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
