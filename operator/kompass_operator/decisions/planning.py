"""`plan`: from a run and what is seen of it to what happens next. Pure: no clock, no network.

The order matters: a run that has ended stays as it is; one that has not been accepted is accepted,
waited for or refused; a report ends it well; a reason to fail ends it badly; else it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from kompass_api.evalrun import EvalRun
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus
from kompass_operator import status as statuses
from kompass_operator.actions import (
    CreateDocument,
    Decision,
    DeleteJob,
    DeleteJobs,
    ReadDocument,
    ReadPods,
)
from kompass_operator.conditions import (
    Ending,
    when_active,
    when_complete,
    when_failed,
    when_waiting,
)
from kompass_operator.decisions import acceptance, attempts, readings
from kompass_operator.decisions.endings import deadline_of, first_ending
from kompass_operator.decisions.picture import Picture, pictured
from kompass_operator.decisions.progress import progressed, unless_stuck
from kompass_operator.decisions.stages import next_step
from kompass_operator.decisions.waits import next_failure, podless_at, waits
from kompass_operator.failures import merged
from kompass_operator.observed import Observed
from kompass_operator.settings import Settings
from kompass_operator.status import Phase


def plan(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
    """What to do now for a run, and its status once that is done."""
    if run.metadata.deletion_timestamp is not None:
        return Decision(seen.status)
    if statuses.is_finished(seen.status):
        if attempts.is_asked_again(run, seen):
            return Decision(attempts.next_attempt(run, seen.status, now))
        return _after_the_end(run, seen, now)
    if seen.document is None:
        return _accept(run, seen, now, settings)
    return _go_on(run, seen, now, settings)


def _after_the_end(run: EvalRun, seen: Observed, now: datetime) -> Decision:
    status = statuses.observed_again(seen.status, run.metadata.generation)
    removal_at = _removal_at(run, seen.status)
    left = tuple(job for job in seen.jobs.values() if not job.deleting)
    if left and removal_at is not None and removal_at <= now:
        return Decision(status, actions=(DeleteJobs(left),))
    stops = tuple(DeleteJob(job) for job in left if job.is_open)
    return Decision(status, actions=stops, again_at=removal_at if left else None)


def _removal_at(run: EvalRun, status: EvalRunStatus) -> datetime | None:
    seconds = run.spec.cleanup.ttl_seconds_after_finished
    if seconds is None or status.completion_time is None:
        return None
    return datetime.fromisoformat(status.completion_time) + timedelta(seconds=seconds)


def _accept(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
    if statuses.is_accepted(seen.status) and not seen.document_sought:
        return Decision(seen.status, questions=(ReadDocument(seen.status.attempt),))
    seen = replace(seen, status=attempts.for_token(seen.status, run.spec.rerun_token))
    found = acceptance.resolved(run, seen, settings)
    if isinstance(found, RunDocument):
        onward = _go_on(run, replace(seen, document=found), now, settings)
        return replace(onward, actions=(CreateDocument(found), *onward.actions))
    until = acceptance.waits_until(run, seen.status, found, settings)
    if until is None or until <= now:
        return _fail(run, seen.status, acceptance.refusal(found), now, accepted=False)
    message = f"{acceptance.described(found)}; waiting for it until {until:%H:%M:%S} UTC"
    waiting = statuses.with_claims(
        seen.status,
        Phase.PENDING,
        when_waiting(found[0].reason, message),
        generation=run.metadata.generation,
        now=now,
    )
    return Decision(waiting, again_at=until)


def _go_on(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
    picture = pictured(run, seen)
    to_read, next_look = readings.due(picture, seen, now, settings)
    if to_read:
        return Decision(seen.status, questions=tuple(ReadPods(job) for job in to_read))
    status = _recorded(run, picture, seen, now)
    reused = readings.report_outcome(picture.plan, seen)
    if reused is not None:
        return _complete(run, statuses.reported(status, reused), now)
    planned = readings.plan_outcome(picture.plan, seen)
    if planned is not None and not status.models:
        seen = replace(seen, status=statuses.planned(status, planned))
        return _go_on(run, seen, now, settings)
    report = readings.report_outcome(picture.summarize, seen)
    if report is not None:
        return _complete(run, statuses.reported(status, report), now)
    found = waits(picture, seen, now, settings)
    ending = first_ending(run, picture, seen, status=status, waits=found, now=now)
    if ending is not None:
        return _fail(run, status, ending, now, accepted=True, picture=picture)
    step = next_step(run, picture, seen, found)
    activity = unless_stuck(
        step.activity, status, picture.shards, seen=seen, now=now, settings=settings
    )
    active = statuses.with_claims(
        statuses.counted(status, picture.shards, step.starting),
        step.phase,
        when_active(activity, status),
        generation=run.metadata.generation,
        now=now,
    )
    times = (
        next_look,
        next_failure(found),
        deadline_of(run, status),
        podless_at(picture, settings),
    )
    return Decision(active, actions=step.actions, again_at=_soonest(times, now))


def _recorded(run: EvalRun, picture: Picture, seen: Observed, now: datetime) -> EvalRunStatus:
    found = readings.failures_in(
        picture, seen, shard_deadline_seconds=run.spec.execution.shard_deadline_seconds
    )
    begun = attempts.documented(statuses.started(seen.status, now), seen.document)
    status = statuses.counted(begun, picture.shards)
    status = progressed(status, picture.shards, seen.pages, now)
    return status.model_copy(update={"failures": merged(status.failures, found)})


def _complete(run: EvalRun, status: EvalRunStatus, now: datetime) -> Decision:
    claims = when_complete(status.results)
    done = statuses.with_claims(
        status, Phase.SUCCEEDED, claims, generation=run.metadata.generation, now=now
    )
    return Decision(statuses.ended(done, now), again_at=_removal_at(run, statuses.ended(done, now)))


def _fail(
    run: EvalRun,
    status: EvalRunStatus,
    ending: Ending,
    now: datetime,
    *,
    accepted: bool,
    picture: Picture | None = None,
) -> Decision:
    claims = when_failed(ending, status, accepted=accepted)
    failed = statuses.ended(
        statuses.with_claims(
            status, Phase.FAILED, claims, generation=run.metadata.generation, now=now
        ),
        now,
    )
    stops = tuple(DeleteJob(job) for job in picture.open) if picture is not None else ()
    return Decision(failed, actions=stops, again_at=_removal_at(run, failed))


def _soonest(times: Iterable[datetime | None], now: datetime) -> datetime | None:
    return min((time for time in times if time is not None and time > now), default=None)
