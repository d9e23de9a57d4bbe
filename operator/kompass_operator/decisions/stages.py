"""What an accepted run does next: plan, shards, summarize, or nothing while suspended. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.indexes import ranges_of
from kompass_api.outcomes import FailureClass
from kompass_operator.actions import Action, CreateJob, DeleteJob
from kompass_operator.conditions import Activity
from kompass_operator.decisions.budgets import Again, Fate
from kompass_operator.decisions.gaps import refilled, round_of
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.waits import Wait
from kompass_operator.failures import class_of, reason_of
from kompass_operator.ledger import Ledger
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, Observed
from kompass_operator.status import Phase

_OUTSIDE: Final = frozenset(
    {
        FailureClass.STORAGE_UNAVAILABLE,
        FailureClass.HUB_UNAVAILABLE,
        FailureClass.ENDPOINT_UNAVAILABLE,
    }
)


@dataclass(frozen=True)
class Step:
    """The next step of a run."""

    phase: Phase
    activity: Activity
    actions: tuple[Action, ...] = ()
    starting: tuple[int, ...] = ()
    """Shards that the actions start."""


def next_step(
    run: EvalRun, picture: Picture, seen: Observed, waits: list[Wait], fated: Sequence[Fate] = ()
) -> Step:
    """The step that brings the run on from what exists."""
    if run.spec.execution.suspend:
        return _suspend(picture)
    if not picture.shards:
        return _plan(picture, seen, waits)
    if picture.all_done:
        return _summarize(picture, seen, waits)
    return _shards(run, picture, seen, waits, fated)


def after(step: Step, picture: Picture) -> Ledger:
    """What is kept of the shards once the step is done."""
    stops = [one.job.shard for one in step.actions if isinstance(one, DeleteJob)]
    stopped = picture.ledger.stopping(shard for shard in stops if shard is not None)
    return stopped.starting(step.starting)


def _suspend(picture: Picture) -> Step:
    stops = tuple(DeleteJob(job, await_pods=True) for job in picture.open)
    message = "suspended: finished shards are kept, unfinished ones go on from their checkpoints"
    activity = Activity(
        Reason.USER_SUSPENDED,
        message,
        moving=False,
        suspended=True,
        shards_done=picture.all_done,
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


def _shards(
    run: EvalRun, picture: Picture, seen: Observed, waits: list[Wait], fated: Sequence[Fate]
) -> Step:
    if picture.summarize is not None:
        return _reopen(picture, seen)
    again = {fate.shard: fate for fate in fated if isinstance(fate, Again)}
    occupied = sum(job is not None and job.is_open for job in picture.shards)
    free = max(0, run.spec.execution.parallelism - occupied)
    held = {wait.model for wait in waits if wait.stalls}
    missing = [
        index
        for index, job in enumerate(picture.shards)
        if (job is None or index in again)
        and index not in picture.ledger.ended
        and picture.models[index] not in held
    ]
    refused = seen.refusals.quota or seen.refusals.webhook
    starting = () if refused else tuple(missing[:free])
    done = f"{len(picture.ledger.completed)} of {len(picture.shards)} shards are done"
    activity = Activity(Reason.SHARDS_RUNNING, done, gap=_gap(picture, seen))
    return Step(
        Phase.RUNNING,
        _as_it_stands(activity, picture, seen, waits, starting=bool(starting)),
        tuple(_job_of(picture, seen, index, again.get(index)) for index in starting),
        starting,
    )


def _reopen(picture: Picture, seen: Observed) -> Step:
    """The summary of before the gap goes, so that another one follows the shards that fill it."""
    job, activity = picture.summarize, Activity(Reason.SHARDS_RUNNING, "", gap=_gap(picture, seen))
    stops = (DeleteJob(job),) if job is not None and not job.deleting else ()
    return Step(Phase.RUNNING, replace(activity, message=activity.gap), stops)


def _job_of(picture: Picture, seen: Observed, shard: int, again: Again | None) -> CreateJob:
    return CreateJob(
        Stage.SHARD,
        shard,
        picture.models[shard],
        turn=picture.next_turn(shard),
        struck=again.struck if again is not None else 0,
        repair=round_of(seen.status, shard),
        avoid=again.avoid if again is not None else (),
    )


def _gap(picture: Picture, seen: Observed) -> str:
    open_gap = refilled(seen.status) - picture.ledger.completed
    if not open_gap:
        return ""
    return f"answers of shards {ranges_of(open_gap)} are missing; they are dispatched again"


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
    if seen.refusals.webhook:
        return _held_up(activity, Reason.WEBHOOK_UNAVAILABLE, seen.refusals.webhook)
    if waits:
        stalled = waits[0].reason if waits[0].stalls else None
        return _held_up(activity, waits[0].reason, waits[0].message, stalled=stalled)
    away = _away(picture, seen)
    if away is not None:
        return away
    if picture.open and not starting and all(job.suspended for job in picture.open):
        return _held_up(activity, Reason.QUEUED, "every Job waits for its queue to admit it")
    return activity


def _held_up(
    activity: Activity, reason: Reason, message: str, *, stalled: Reason | None = None
) -> Activity:
    return replace(activity, reason=reason, message=message, moving=False, stalled=stalled)


def _away(picture: Picture, seen: Observed) -> Activity | None:
    """What every open Job waits for outside the cluster, if it is that."""
    ends = [_last_class(job, seen) for job in picture.open]
    if not ends or not set(ends) <= _OUTSIDE:
        return None
    kind, job = ends[0], picture.open[0]
    assert kind is not None
    return Activity(
        reason_of(job.stage, kind.value),
        f"{picture.place_of(job)} ended with {kind}; it is tried again",
        moving=False,
    )


def _last_class(job: JobFacts, seen: Observed) -> FailureClass | None:
    reading = seen.readings.get(job.name)
    if job.active or reading is None or not reading.pods:
        return None
    return class_of(reading.pods[-1])
