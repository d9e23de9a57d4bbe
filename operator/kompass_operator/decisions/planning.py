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
from kompass_api.status import EvalRunStatus, Failure, GivenUp
from kompass_operator import status as statuses
from kompass_operator.actions import (
    CreateDocument,
    Decision,
    DeleteJob,
    DeleteJobs,
    ReadDocument,
    ReadPods,
    SeekJob,
)
from kompass_operator.conditions import (
    Ending,
    when_active,
    when_complete,
    when_failed,
    when_waiting,
)
from kompass_operator.decisions import acceptance, attempts, gaps, partial, readings
from kompass_operator.decisions.admission import admission, missing_at
from kompass_operator.decisions.budgets import Abandoned, deletions, fates
from kompass_operator.decisions.endings import deadline_of, first_ending
from kompass_operator.decisions.gating import with_gates
from kompass_operator.decisions.nodes import blocked_at, node_waits, replacements
from kompass_operator.decisions.notifying import is_notice, telling
from kompass_operator.decisions.outlook import outlook
from kompass_operator.decisions.picture import Picture, pictured
from kompass_operator.decisions.progress import progressed, unless_stuck
from kompass_operator.decisions.stages import Step, after, next_step
from kompass_operator.decisions.waits import next_failure, podless_at, waits
from kompass_operator.failures import first_of, merged
from kompass_operator.names import Stage, job_name
from kompass_operator.observed import Observed
from kompass_operator.policies.stepping import policed
from kompass_operator.settings import Settings
from kompass_operator.sizes import bounded
from kompass_operator.status import Phase


def plan(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
    """What to do now for a run, and its status once that is done."""
    decision = _decided(run, seen, now, settings)
    return replace(decision, status=bounded(decision.status))


def _decided(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
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
    told = telling(run, status, seen)
    if left and removal_at is not None and removal_at <= now and not told.is_open:
        return Decision(told.status, actions=(DeleteJobs(left),))
    stops = tuple(DeleteJob(job) for job in left if job.is_open and not is_notice(job))
    again_at = _soonest((removal_at,), now) if left else None
    return Decision(told.status, actions=(*told.actions, *stops), again_at=again_at)


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
    is_underway = all(problem.is_underway for problem in found)
    until = acceptance.waits_until(run, seen.status, found, settings)
    if not is_underway and (until is None or until <= now):
        return _fail(run, seen.status, acceptance.refusal(found), now, accepted=False)
    limit = f" until {until:%H:%M:%S} UTC" if until is not None else ""
    message = f"{acceptance.described(found)}; waiting for it{limit}"
    waiting = statuses.with_claims(
        seen.status,
        Phase.PENDING,
        with_gates(run, seen.status, when_waiting(found[0].reason, message)),
        generation=run.metadata.generation,
        now=now,
    )
    return Decision(waiting, again_at=until)


def _go_on(run: EvalRun, seen: Observed, now: datetime, settings: Settings) -> Decision:
    picture = pictured(run, seen)
    to_read, next_look = readings.due(picture, seen, now, settings)
    unsure = _unsure(run, picture, seen)
    if to_read or unsure:
        return Decision(seen.status, questions=(*(ReadPods(job) for job in to_read), *unsure))
    fated = list(fates(run, picture, seen, now))
    lost = [fate for fate in fated if isinstance(fate, Abandoned)]
    picture = replace(picture, ledger=picture.ledger.given_up(fate.shard for fate in lost))
    status = _recorded(run, picture, seen, [fate.cause for fate in lost], now)
    seen = replace(seen, status=status)
    reused = readings.report_outcome(picture.plan, seen)
    if reused is not None:
        return _complete(run, statuses.reported(status, reused), now)
    planned = readings.plan_outcome(picture.plan, seen)
    if planned is not None and not status.models:
        return _go_on(run, replace(seen, status=statuses.planned(status, planned)), now, settings)
    if status.given_up is not None:
        return _wind_up(run, seen, picture, status.given_up, now)
    report = readings.report_outcome(picture.summarize, seen)
    if report is not None:
        return _complete(run, statuses.reported(status, report), now)
    if gaps.is_repairable(picture, seen):
        status = gaps.reopened(status, picture, seen)
        return _go_on(run, replace(seen, status=status), now, settings)
    found = [
        *node_waits(run, picture, seen, settings),
        *waits(run, picture, seen, now, settings),
    ]
    ending = first_ending(run, picture, seen, lost=lost, waits=found, now=now)
    if ending is not None:
        return _give_up(run, seen, picture, ending, now)
    step = _without_the_given_up(picture, next_step(run, picture, seen, found, fated))
    step, policy_look = policed(run, picture, seen, step, now)
    moving = unless_stuck(
        step.activity, status, picture.shards, seen=seen, now=now, settings=settings
    )
    admitted = admission(run, picture, seen, now)
    removed = replacements(run, picture, seen, now, settings)
    step = replace(
        step,
        activity=outlook(moving, admitted, found, picture, seen),
        actions=(*removed, *step.actions),
    )
    times = (
        next_look,
        next_failure(found),
        deadline_of(run, status),
        podless_at(picture, settings),
        missing_at(picture, seen),
        blocked_at(picture, settings),
        policy_look,
    )
    active = _active(run, status, picture, step, now)
    return Decision(active, actions=step.actions, again_at=_soonest(times, now))


def _unsure(run: EvalRun, picture: Picture, seen: Observed) -> tuple[SeekJob, ...]:
    """Jobs that no watch shows: only the API server's own word makes them deleted ones."""
    names = (
        job_name(run.metadata, Stage.SHARD, shard, attempt=seen.status.attempt, turn=turn)
        for shard in picture.lost
        for turn in range(picture.next_turn(shard) + 1)
    )
    return tuple(SeekJob(name) for name in names if name not in seen.gone and name not in seen.jobs)


def _without_the_given_up(picture: Picture, step: Step) -> Step:
    """The step, with shards stopped that are given up while others go on: first of all."""
    failed = picture.ledger.failed
    stops = tuple(DeleteJob(job) for job in picture.open if job.shard in failed)
    stopping = {action.job.name for action in step.actions if isinstance(action, DeleteJob)}
    stops = tuple(action for action in stops if action.job.name not in stopping)
    if not stops:
        return step
    kept = tuple(action for action in step.actions if isinstance(action, DeleteJob))
    return replace(step, actions=(*kept, *stops), starting=())


def _active(
    run: EvalRun, status: EvalRunStatus, picture: Picture, step: Step, now: datetime
) -> EvalRunStatus:
    return statuses.with_claims(
        statuses.counted(status, picture.shards, after(step, picture), step.starting),
        step.phase,
        with_gates(run, status, when_active(step.activity, status)),
        generation=run.metadata.generation,
        now=now,
    )


def _recorded(
    run: EvalRun, picture: Picture, seen: Observed, causes: list[Failure], now: datetime
) -> EvalRunStatus:
    """The status with what was found out: failures, and shards that are not tried again."""
    found = [
        *readings.failures_in(run, picture, seen),
        *deletions(run, picture, seen.status, now),
        *causes,
    ]
    begun = attempts.documented(statuses.started(seen.status, now), seen.document)
    status = statuses.counted(begun, picture.shards, picture.ledger)
    status = progressed(status, picture.shards, seen.pages, now)
    return status.model_copy(
        update={
            "failures": merged(status.failures, found),
            "first_failure": first_of(status.first_failure, found),
        }
    )


def _give_up(
    run: EvalRun, seen: Observed, picture: Picture, ending: Ending, now: datetime
) -> Decision:
    if not partial.is_wanted(run, picture, ending):
        return _fail(run, seen.status, ending, now, accepted=True, picture=picture)
    status = partial.given_up(seen.status, ending, now)
    assert status.given_up is not None
    return _wind_up(run, replace(seen, status=status), picture, status.given_up, now)


def _wind_up(
    run: EvalRun, seen: Observed, picture: Picture, why: GivenUp, now: datetime
) -> Decision:
    """Bring a run that was given up to its partial report, and to its end."""
    report = readings.report_outcome(picture.partial, seen)
    status, ending = seen.status, partial.ending_of(why)
    if report is not None:
        status = statuses.reported(status, report)
        return _fail(run, status, ending, now, accepted=True, picture=picture)
    if partial.is_over(picture, why, now):
        return _fail(run, status, ending, now, accepted=True, picture=picture)
    step = partial.next_step(picture, why, now)
    admitted = admission(run, picture, seen, now)
    step = replace(step, activity=replace(step.activity, admission=admitted))
    times = partial.times(why)
    active = _active(run, status, picture, step, now)
    return Decision(active, actions=step.actions, again_at=_soonest(times, now))


def _complete(run: EvalRun, status: EvalRunStatus, now: datetime) -> Decision:
    claims = with_gates(run, status, when_complete(status))
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
    claims = with_gates(run, status, when_failed(ending, status, accepted=accepted))
    status = status.model_copy(update={"given_up": None})
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
