"""Whether a run's Jobs may run: what their queue, or the namespace's quota, says. Pure.

Waiting is not failing, however long. Only what a queue has given up for good ends a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import ConditionStatus, Reason
from kompass_api.evalrun import EvalRun
from kompass_operator.conditions import Admission, Ending
from kompass_operator.decisions.picture import Picture
from kompass_operator.observed import JobFacts, Observed
from kompass_operator.queueing import Standing, standing_of

MISSING_AFTER: Final = timedelta(seconds=60)
"""Kueue makes a Workload within seconds of the Job."""


def admission(run: EvalRun, picture: Picture, seen: Observed, now: datetime) -> Admission:
    """What keeps the Jobs that exist from running, or that nothing does."""
    if seen.refusals.quota:
        return Admission(ConditionStatus.FALSE, Reason.QUOTA_EXCEEDED, seen.refusals.quota)
    held = [job for job in picture.open if job.suspended or job.queue]
    if not held:
        return _without_queued_jobs(run, picture)
    standings = [(job, _standing(run, job, seen, now)) for job in held]
    waiting = sorted(
        ((job, stands) for job, stands in standings if not stands.admitted),
        key=lambda one: one[1].gravity,
    )
    if not waiting:
        stands = standings[0][1]
        return Admission(ConditionStatus.TRUE, stands.reason, stands.message)
    job, worst = waiting[0]
    message = f"{picture.place_of(job)}: {worst.message}"
    if len(waiting) < len(standings):
        running = f"{len(standings) - len(waiting)} of {len(standings)} Jobs are admitted"
        return Admission(ConditionStatus.TRUE, Reason.QUOTA_RESERVED, f"{running}; {message}")
    return Admission(
        ConditionStatus.FALSE,
        worst.reason,
        message,
        needs_a_person=worst.needs_a_person,
        evicted=any(stands.evicted for _, stands in waiting),
    )


def parked(picture: Picture, seen: Observed) -> Iterator[Ending]:
    """Jobs that their queue will not run again unless a person says so."""
    for job in picture.open:
        workload = seen.workloads.get(job.uid)
        if workload is None or workload.active or workload.finished:
            continue
        yield Ending(
            Reason.WORKLOAD_DEACTIVATED,
            f"{picture.place_of(job)}: {standing_of(workload).message} (Workload "
            f"{workload.name}); finished shards are kept: apply the run anew to go on",
            job.stage,
        )


def missing_at(picture: Picture, seen: Observed) -> datetime | None:
    """When a Workload that Kueue has not made becomes worth telling of."""
    times = [
        job.created + MISSING_AFTER
        for job in picture.open
        if job.suspended and job.uid not in seen.workloads
    ]
    return min(times, default=None) if seen.queueing else None


def _without_queued_jobs(run: EvalRun, picture: Picture) -> Admission:
    if run.spec.execution.queue is None:
        return Admission(ConditionStatus.TRUE, Reason.NO_QUEUE)
    if any(not job.is_open for job in picture.jobs):
        return Admission(ConditionStatus.TRUE, Reason.QUOTA_RESERVED)
    return Admission(ConditionStatus.UNKNOWN, Reason.PENDING, "no Job was made yet")


def _standing(run: EvalRun, job: JobFacts, seen: Observed, now: datetime) -> Standing:
    workload = seen.workloads.get(job.uid)
    if workload is not None:
        return standing_of(workload)
    if job.suspended:
        return _without_workload(run, job, seen, now)
    if seen.queueing:
        return Standing(Reason.QUOTA_RESERVED, admitted=True)
    return Standing(
        Reason.NO_QUEUE,
        f"queue {job.queue} has no effect: this cluster has no Kueue (or the operator may not read "
        "its Workloads), and nothing holds the Jobs",
        admitted=True,
    )


def _without_workload(run: EvalRun, job: JobFacts, seen: Observed, now: datetime) -> Standing:
    if not seen.queueing:
        return Standing(
            Reason.WAITING_FOR_QUOTA,
            "a queue controller holds the Job; its Workload cannot be read",
        )
    if now < job.created + MISSING_AFTER:
        return Standing(Reason.WAITING_FOR_QUOTA, "Kueue has not looked at it yet")
    queue = run.spec.execution.queue
    named = queue.priority_class if queue is not None else None
    cause = f"WorkloadPriorityClass {named} does not exist, or " if named else ""
    return Standing(
        Reason.WORKLOAD_MISSING,
        f"Kueue has made no Workload for Job {job.name} in a minute: {cause}Kueue is not running, "
        "or does not manage this namespace",
    )
