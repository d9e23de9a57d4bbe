"""What an accepted run does next: plan, shards, summarize, or nothing while suspended. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_operator.actions import Action, CreateJob, DeleteJob
from kompass_operator.conditions import Activity
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.waits import Wait
from kompass_operator.names import Stage
from kompass_operator.observed import JobState, Observed
from kompass_operator.status import Phase


@dataclass(frozen=True)
class Step:
    """The next step of a run."""

    phase: Phase
    activity: Activity
    actions: tuple[Action, ...] = ()
    starting: tuple[int, ...] = ()
    """Shards that the actions start."""


def next_step(run: EvalRun, picture: Picture, seen: Observed, waits: list[Wait]) -> Step:
    """The step that brings the run on from what exists."""
    if run.spec.execution.suspend:
        return _suspend(picture)
    if not picture.shards:
        return _plan(picture, seen, waits)
    if all(job is not None and job.state is JobState.COMPLETE for job in picture.shards):
        return _summarize(picture, seen, waits)
    return _shards(run, picture, seen, waits)


def _suspend(picture: Picture) -> Step:
    stops = tuple(DeleteJob(job, await_pods=True) for job in picture.open)
    message = "suspended: finished shards are kept, unfinished ones go on from their checkpoints"
    activity = Activity(
        Reason.USER_SUSPENDED,
        message,
        moving=False,
        suspended=True,
        shards_done=_all_done(picture),
    )
    return Step(Phase.SUSPENDED, activity, stops)


def _plan(picture: Picture, seen: Observed, waits: list[Wait]) -> Step:
    activity = Activity(Reason.PLANNING, "the plan Job reads data and cuts it into shards")
    return Step(
        Phase.PLANNING,
        _as_it_stands(activity, picture, seen, waits),
        _single(Stage.PLAN, picture),
    )


def _summarize(picture: Picture, seen: Observed, waits: list[Wait]) -> Step:
    activity = Activity(
        Reason.SUMMARIZING, "all shards are done; the summarize Job scores them", shards_done=True
    )
    return Step(
        Phase.SUMMARIZING,
        _as_it_stands(activity, picture, seen, waits),
        _single(Stage.SUMMARIZE, picture),
    )


def _single(stage: Stage, picture: Picture) -> tuple[Action, ...]:
    job = picture.plan if stage is Stage.PLAN else picture.summarize
    if job is None:
        return (CreateJob(stage),)
    if job.state is JobState.COMPLETE and not job.deleting:
        # It is complete, but the pod that says what came of it is gone: the stage writes
        # everything put-if-absent, so doing it again tells the same.
        return (DeleteJob(job),)
    return ()


def _shards(run: EvalRun, picture: Picture, seen: Observed, waits: list[Wait]) -> Step:
    occupied = sum(job is not None and job.is_open for job in picture.shards)
    free = max(0, run.spec.execution.parallelism - occupied)
    missing = [index for index, job in enumerate(picture.shards) if job is None]
    starting = tuple(missing[:free])
    done = sum(job is not None and job.state is JobState.COMPLETE for job in picture.shards)
    activity = Activity(Reason.SHARDS_RUNNING, f"{done} of {len(picture.shards)} shards are done")
    return Step(
        Phase.RUNNING,
        _as_it_stands(activity, picture, seen, waits, starting=bool(starting)),
        tuple(CreateJob(Stage.SHARD, index, picture.models[index]) for index in starting),
        starting,
    )


def _as_it_stands(
    activity: Activity,
    picture: Picture,
    seen: Observed,
    waits: list[Wait],
    *,
    starting: bool = False,
) -> Activity:
    """The activity, or what keeps every Job of the run from getting on."""
    if any(job.ready for job in picture.open):
        return activity
    if seen.refusals.quota:
        return _held_up(activity, Reason.QUOTA_EXCEEDED, seen.refusals.quota)
    if waits:
        return _held_up(activity, waits[0].reason, waits[0].message)
    if picture.open and not starting and all(job.suspended for job in picture.open):
        return _held_up(activity, Reason.QUEUED, "every Job waits for its queue to admit it")
    return activity


def _held_up(activity: Activity, reason: Reason, message: str) -> Activity:
    return Activity(reason, message, moving=False, shards_done=activity.shards_done)


def _all_done(picture: Picture) -> bool:
    return bool(picture.shards) and all(
        job is not None and job.state is JobState.COMPLETE for job in picture.shards
    )
