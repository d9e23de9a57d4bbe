"""Who is still to be told of a run's end. Pure.

Each notification has a Job of its own, so that a service that is away holds up no other. What came
of it goes to the status before the Jobs are removed: a message is sent at least once, and after
that never again.
"""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.conditions import ConditionType
from kompass_api.evalrun import EvalRun
from kompass_api.notifications import RunEnd
from kompass_api.status import EvalRunStatus, ToldNotification
from kompass_operator.actions import CreateNotice
from kompass_operator.conditions import holds
from kompass_operator.names import Stage, notice_name
from kompass_operator.observed import JobFacts, JobState, Observed


@dataclass(frozen=True)
class Telling:
    """The status with who was told, and who is told now."""

    status: EvalRunStatus
    actions: tuple[CreateNotice, ...] = ()
    is_open: bool = False
    """Somebody has not been told."""


def telling(run: EvalRun, status: EvalRunStatus, seen: Observed) -> Telling:
    """What to do for the notifications of a finished run."""
    known = {told.name for told in status.notifications}
    asked = [one for one in run.spec.notifications if end_of(status) in one.on]
    open_ones = [one for one in asked if one.name not in known]
    jobs = {one.name: seen.jobs.get(notice_name(run.metadata, one, status)) for one in open_ones}
    ended = [
        ToldNotification(name=name, sent=job.state is JobState.COMPLETE, message=_why(job))
        for name, job in jobs.items()
        if job is not None and job.state is not JobState.UNFINISHED
    ]
    after = status.model_copy(update={"notifications": [*status.notifications, *ended]})
    missing = tuple(CreateNotice(one, status) for one in open_ones if jobs[one.name] is None)
    return Telling(after if ended else status, missing, is_open=len(ended) < len(open_ones))


def end_of(status: EvalRunStatus) -> RunEnd:
    """How the run ended."""
    succeeded = holds(status, ConditionType.SUCCEEDED)
    return RunEnd.SUCCEEDED if succeeded else RunEnd.FAILED


def is_notice(job: JobFacts) -> bool:
    """Whether a Job tells somebody."""
    return job.stage is Stage.NOTIFY


def _why(job: JobFacts) -> str:
    if job.state is JobState.COMPLETE:
        return ""
    return f"Job {job.name} gave up ({job.reason}); its pod's log says why"
