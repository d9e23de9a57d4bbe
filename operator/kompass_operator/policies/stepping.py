"""What policies leave of a run's next step: all of it, some shards, or nothing new. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.resolution import Problem
from kompass_api.rundocument import RunDocument
from kompass_operator.actions import Action, CreateJob
from kompass_operator.conditions import Activity
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.stages import Step
from kompass_operator.observed import Observed
from kompass_operator.policies.gpus import GPU_LOOK_SECONDS, within
from kompass_operator.policies.rules import gpus_of_shard
from kompass_operator.policies.verdicts import problems


class Policed(NamedTuple):
    """A step as the policies allow it, and when to look again."""

    step: Step
    again_at: datetime | None = None


def policed(run: EvalRun, picture: Picture, seen: Observed, step: Step, now: datetime) -> Policed:
    """The step without what policies forbid now; what runs is left alone."""
    if seen.document is None or not any(isinstance(held, CreateJob) for held in step.actions):
        return Policed(step)
    found = problems(run, seen.document, seen.policy, seen.status.models)
    if found:
        return Policed(_held(step, found))
    return _shared(seen.document, picture, seen, step, now)


def _held(step: Step, found: Sequence[Problem]) -> Step:
    """Nothing new is created until the policies allow it again."""
    message = "; ".join(problem.message for problem in found)
    activity = Activity(
        Reason.POLICY_DENIED,
        f"nothing new is started, what runs may finish: {message}",
        moving=False,
        stalled=Reason.POLICY_DENIED,
        shards_done=step.activity.shards_done,
    )
    return _only(step, [held for held in step.actions if not isinstance(held, CreateJob)], activity)


def _shared(
    document: RunDocument, picture: Picture, seen: Observed, step: Step, now: datetime
) -> Policed:
    limit = seen.policy.gpu_limit
    if limit is None:
        return Policed(step)
    needs = {model.name: gpus_of_shard(model.spec) for model in document.models}
    own = sum(job.gpus for job in picture.jobs if job.is_open)
    others = seen.policy.gpus_elsewhere
    free = 0 if seen.policy.older_waits else limit - own - others
    kept, short = within(step.actions, free, needs)
    if not short:
        return Policed(step)
    again = now + timedelta(seconds=GPU_LOOK_SECONDS)
    starts = any(isinstance(held, CreateJob) for held in kept)
    if starts or picture.open:
        return Policed(_only(step, kept, step.activity), again)
    return Policed(_only(step, kept, _waiting(step, limit, seen)), again)


def _waiting(step: Step, limit: int, seen: Observed) -> Activity:
    behind = "an older run waits before this one" if seen.policy.older_waits else "they are in use"
    return Activity(
        Reason.WAITING_FOR_GPUS,
        f"EvalPolicies give the namespace {limit} GPUs at a time, of which other runs hold "
        f"{seen.policy.gpus_elsewhere}; {behind}",
        moving=False,
        shards_done=step.activity.shards_done,
    )


def _only(step: Step, kept: Sequence[Action], activity: Activity) -> Step:
    started = {held.shard for held in kept if isinstance(held, CreateJob)}
    return replace(
        step,
        actions=tuple(kept),
        activity=activity,
        starting=tuple(index for index in step.starting if index in started),
    )
