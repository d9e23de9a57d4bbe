"""A run that is given up, and the report of what it has answered until then. Pure.

Its shards are stopped after a checkpoint; when their pods are gone, a last Job summarizes what
there is. The run fails in any case, and at the latest when that Job has had its time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun, OnExhausted
from kompass_api.status import EvalRunStatus, GivenUp
from kompass_operator.actions import CreateJob, DeleteJob
from kompass_operator.conditions import Activity, Ending
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.stages import Step
from kompass_operator.failures import timestamp
from kompass_operator.names import Stage
from kompass_operator.observed import JobState
from kompass_operator.status import Phase

CHECKPOINTS: Final = timedelta(minutes=5)
"""What stopping the shards may take; a pod that is still there then is out of reach."""
LONGEST: Final = timedelta(minutes=30)
"""What the checkpoints and the partial report may take together."""


def is_wanted(run: EvalRun, picture: Picture, ending: Ending) -> bool:
    """Whether a report of what there is belongs to this end; a deadline always has one."""
    wish = run.spec.retry.on_exhausted is OnExhausted.REPORT_PARTIAL
    may_hold_answers = bool(picture.ledger.started)
    of_shards = ending.stage is Stage.SHARD or ending.reason in {
        Reason.DEADLINE_EXCEEDED,
        Reason.INCOMPLETE_RESULTS,
        Reason.IMAGE_UNAVAILABLE,
        Reason.SECRET_MISSING,
        Reason.PENDING_DEADLINE_EXCEEDED,
    }
    return may_hold_answers and of_shards and (wish or ending.reason is Reason.DEADLINE_EXCEEDED)


def given_up(status: EvalRunStatus, ending: Ending, now: datetime) -> EvalRunStatus:
    """The status with why the run ends."""
    why = GivenUp(reason=ending.reason, message=ending.message[:1024], time=timestamp(now))
    return status.model_copy(update={"given_up": why})


def ending_of(why: GivenUp) -> Ending:
    """Why the run ends."""
    reason = Reason(why.reason)
    return Ending(reason, why.message, None if reason is Reason.DEADLINE_EXCEEDED else Stage.SHARD)


def times(why: GivenUp) -> tuple[datetime, datetime]:
    """When the shards are not waited for any more, and when the report is not."""
    since = datetime.fromisoformat(why.time)
    return since + CHECKPOINTS, since + LONGEST


def is_over(picture: Picture, why: GivenUp, now: datetime) -> bool:
    """Whether there is nothing to wait for any more."""
    failed = picture.partial is not None and picture.partial.state is JobState.FAILED
    return failed or now >= times(why)[1]


def next_step(picture: Picture, why: GivenUp, now: datetime) -> Step:
    """Stop the shards, then report."""
    message = f"given up ({why.reason}): the shards checkpoint, then what they answered is reported"
    activity = Activity(Reason.SUMMARIZING, message)
    others = [job for job in picture.jobs if job.stage is not Stage.PARTIAL]
    stops = tuple(
        DeleteJob(job, await_pods=True) for job in others if job.is_open and not job.deleting
    )
    going = any(job.is_open for job in others) and now < times(why)[0]
    return Step(Phase.SUMMARIZING, activity, stops if going else _report(picture))


def _report(picture: Picture) -> tuple[CreateJob | DeleteJob, ...]:
    job = picture.partial
    if job is None:
        return (CreateJob(Stage.PARTIAL),)
    # Complete, and the pod that says what came of it is gone: it tells the same again.
    return (DeleteJob(job),) if job.state is JobState.COMPLETE and not job.deleting else ()
