"""Pods that should be gone and are still there: their node does not answer. Pure.

A Job's `podReplacementPolicy: Failed` waits for such a pod for ever, so that its shard has no
writer and gets none. Nothing polls for it: a Job counts its terminating pods, one look says which
they are and when they should have ended, a second one, after the grace, that they have not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun, OnNodeLost
from kompass_operator.actions import DeleteJob
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.waits import Wait
from kompass_operator.observed import JobFacts, Observed, PodFacts
from kompass_operator.settings import Settings


def lost_pods(
    picture: Picture, seen: Observed, settings: Settings
) -> Iterator[tuple[JobFacts, PodFacts]]:
    """Pods that were seen after they should have been gone for long, with their Jobs."""
    for job in picture.open:
        reading = seen.readings.get(job.name)
        if reading is None or not job.terminating:
            continue
        for pod in reading.pods:
            if pod.is_ending and reading.at >= overdue_at(pod, settings):
                yield job, pod


def overdue_at(pod: PodFacts, settings: Settings) -> datetime:
    """When a pod that was told to end counts as lost."""
    assert pod.deleting is not None, f"pod {pod.name} was not told to end"
    return pod.deleting + timedelta(seconds=settings.node_lost_grace_seconds)


def node_waits(run: EvalRun, picture: Picture, seen: Observed, settings: Settings) -> list[Wait]:
    """What is told of lost pods."""
    waits_for_a_person = run.spec.execution.on_node_lost is OnNodeLost.WAIT
    what = (
        "bring the node back, or delete the pod by force once you know that it does not run"
        if waits_for_a_person
        else "another Job goes on from its last committed part"
    )
    return [
        Wait(
            Reason.NODE_UNREACHABLE,
            f"{picture.place_of(job)}: pod {pod.name} should have ended at "
            f"{pod.deleting:%H:%M:%S} UTC and is still there: node {pod.node} does not answer; "
            f"{what}",
            stalls=waits_for_a_person,
        )
        for job, pod in lost_pods(picture, seen, settings)
    ]


def replacements(
    run: EvalRun, picture: Picture, seen: Observed, now: datetime, settings: Settings
) -> tuple[DeleteJob, ...]:
    """Jobs to remove although a pod of theirs may still run somewhere: it can harm nobody.

    It writes to the folder of its own attempt, a part counts once, and the manifest is put if
    absent: what a pod on a lost node still answers is at worst answered twice, and counted once.
    """
    if run.spec.execution.on_node_lost is OnNodeLost.WAIT:
        return ()
    lost = {
        job.name: job
        for job, _ in lost_pods(picture, seen, settings)
        if seen.readings[job.name].version == job.version
    }
    blocked = {job.name: job for job in picture.jobs if _is_blocked(job, now, settings)}
    return tuple(DeleteJob(job) for job in {**lost, **blocked}.values())


def blocked_at(picture: Picture, settings: Settings) -> datetime | None:
    """When a Job that is being removed will have waited for its pods long enough."""
    times = [_patience(job, settings) for job in picture.jobs]
    return min((time for time in times if time is not None), default=None)


def _is_blocked(job: JobFacts, now: datetime, settings: Settings) -> bool:
    until = _patience(job, settings)
    return until is not None and now >= until


def _patience(job: JobFacts, settings: Settings) -> datetime | None:
    """Until when the removal of a Job waits for its pods."""
    if not job.deleting or job.deleted is None:
        return None
    seconds = settings.termination_grace_seconds + settings.node_lost_grace_seconds
    return job.deleted + timedelta(seconds=seconds)
