"""What the failures of a shard's Job mean: it goes on, begins anew elsewhere, or is given up. Pure.

Two budgets, never mixed: what the shard did itself (`maxAttemptsPerShard`) and what happened to it
(`maxInfraRestartsPerShard`). A Job counts its failed pods, whatever failed them, and gives up when
both budgets together are spent; which of the two is spent is told here, from its pods. Drains and
stops after a checkpoint cost neither here: a shard counts its own interruptions in the storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import FailureClass
from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.readings import failures_of
from kompass_operator.failures import INFRASTRUCTURE, failure_of_deletion
from kompass_operator.observed import JobFacts, JobState, Observed

MEMORY_STRIKES: Final = 2
"""Kills of one shard for its memory: a third would end the same way."""


@dataclass(frozen=True)
class Abandoned:
    """A shard that is not tried again, and why."""

    shard: int
    cause: Failure


@dataclass(frozen=True)
class Again:
    """A shard that goes on in a new Job."""

    shard: int
    struck: int
    avoid: tuple[str, ...] = ()


Fate = Abandoned | Again


def fates(run: EvalRun, picture: Picture, seen: Observed, now: datetime) -> Iterator[Fate]:
    """Every shard whose Job does not simply go on, in the order of the shards."""
    lost = set(picture.lost)
    for index, job in enumerate(picture.shards):
        if index in picture.ledger.ended:
            continue
        if job is None and index in lost & picture.ledger.replaced:
            yield Abandoned(index, failure_of_deletion(run, index, now, last=True))
        elif job is not None and not job.deleting and job.state is not JobState.COMPLETE:
            fate = _fate(run, index, job, failures_of(run, job, picture, seen))
            if fate is not None:
                yield fate


def deletions(
    run: EvalRun, picture: Picture, status: EvalRunStatus, now: datetime
) -> list[Failure]:
    """An entry for each shard whose Job was just found deleted, and is made anew."""
    told = {one.shard for one in status.failures if one.failure == FailureClass.JOB_DELETED}
    return [
        failure_of_deletion(run, shard, now, last=False)
        for shard in picture.lost
        if shard not in told
    ]


def _fate(run: EvalRun, shard: int, job: JobFacts, failures: list[Failure]) -> Fate | None:
    if job.state is JobState.FAILED:
        return _fate_of_failed(run, shard, job, failures)
    spent = _spent(run, job, failures)
    return Abandoned(shard, spent) if spent is not None else None


def _fate_of_failed(
    run: EvalRun, shard: int, job: JobFacts, failures: list[Failure]
) -> Fate | None:
    if not failures:
        return None
    cause = failures[-1]
    struck = job.struck + _application(failures)
    may_try = struck < run.spec.retry.max_attempts_per_shard
    if cause.failure == FailureClass.SHARD_TIMEOUT and may_try:
        return Again(shard, struck, job.avoided)
    restarts = run.spec.retry.max_infra_restarts_per_shard
    if cause.failure == FailureClass.DEVICE_ERROR and may_try and job.turn < restarts:
        nodes = dict.fromkeys([*job.avoided, *([cause.node] if cause.node else [])])
        return Again(shard, struck, tuple(nodes))
    return Abandoned(shard, cause)


def _spent(run: EvalRun, job: JobFacts, failures: list[Failure]) -> Failure | None:
    """The failure that used up a budget."""
    retry = run.spec.retry
    kills = [one for one in failures if one.failure == FailureClass.OUT_OF_MEMORY]
    if len(kills) >= MEMORY_STRIKES:
        return kills[-1]
    own = [one for one in failures if one.failure not in INFRASTRUCTURE]
    if own and job.struck + len(own) >= retry.max_attempts_per_shard:
        return own[-1]
    others = [one for one in failures if one.failure in INFRASTRUCTURE]
    return others[-1] if len(others) > retry.max_infra_restarts_per_shard else None


def _application(failures: list[Failure]) -> int:
    return sum(one.failure not in INFRASTRUCTURE for one in failures)
