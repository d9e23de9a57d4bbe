"""`plan_suite`: from a suite and its runs to which are made and removed, and its status. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kompass_api.conditions import Claim, Reason
from kompass_api.evalsuite import ConcurrencyPolicy, EvalSuite, EvalSuiteStatus, WhenChanged
from kompass_api.resolution import Problem, Surroundings
from kompass_operator.failures import timestamp
from kompass_operator.suites import claims
from kompass_operator.suites.facts import RunFacts, minute_of
from kompass_operator.suites.matrix import WantedRun, by_clock, by_content, cells
from kompass_operator.suites.reports import with_runs
from kompass_operator.suites.schedules import InvalidSchedule, last_time, minute, next_time


@dataclass(frozen=True)
class SuiteSight:
    """Everything that a decision about a suite rests on."""

    status: EvalSuiteStatus
    runs: tuple[RunFacts, ...] = ()
    """Its own."""
    others: frozenset[str] = frozenset()
    """Names of the namespace's other EvalRuns."""
    around: Surroundings = field(default_factory=lambda: Surroundings({}, {}))
    broken: tuple[Problem, ...] = ()
    """Objects that the suite names and that cannot be read."""


@dataclass(frozen=True)
class SuiteDecision:
    """What to do now: make runs, remove runs, and then write the status."""

    status: EvalSuiteStatus
    creates: tuple[WantedRun, ...] = ()
    deletes: tuple[RunFacts, ...] = ()
    again_at: datetime | None = None


@dataclass(frozen=True)
class _Time:
    """What the clock says."""

    minute: int | None
    """Of the newest runs; None before the first."""
    starts: bool
    last: datetime
    """The last time that was acted on."""
    next: datetime
    replaces: bool = False


def plan_suite(suite: EvalSuite, sight: SuiteSight, now: datetime) -> SuiteDecision:
    """What to do now for a suite, and its status once that is done."""
    if suite.metadata.deletion_timestamp is not None:
        return SuiteDecision(sight.status)
    if suite.spec.schedule is not None:
        return _by_clock(suite, sight, now)
    if sight.broken:
        return _waiting(suite, sight, list(sight.broken), now)
    wanted = by_content(suite, sight.around)
    problems = [one for one in wanted if isinstance(one, Problem)]
    if problems:
        return _waiting(suite, sight, problems, now)
    return _by_content(suite, sight, [one for one in wanted if isinstance(one, WantedRun)], now)


def _by_content(
    suite: EvalSuite, sight: SuiteSight, wanted: Sequence[WantedRun], now: datetime
) -> SuiteDecision:
    names = {run.name for run in wanted}
    newest = [run for run in sight.runs if run.name in names]
    earlier = [run for run in sight.runs if run.name not in names]
    replaces = suite.spec.when_changed is WhenChanged.REPLACE and not suite.spec.suspend
    found = claims.of_runs(suite, newest, wanted=len(names))
    return _decided(
        suite,
        sight,
        found,
        now,
        wanted=() if suite.spec.suspend else wanted,
        newest=newest,
        earlier=earlier,
        replaces=replaces,
    )


def _by_clock(suite: EvalSuite, sight: SuiteSight, now: datetime) -> SuiteDecision:
    try:
        time = _time(suite, sight, now)
    except InvalidSchedule as error:
        problem = Problem(Reason.INVALID_SPEC, str(error), may_pass=False)
        return _waiting(suite, sight, [problem], now)
    newest = [
        run for run in sight.runs if time.minute is not None and _minute(suite, run) == time.minute
    ]
    earlier = [run for run in sight.runs if run not in newest]
    wanted = by_clock(suite, time.minute) if time.starts and time.minute is not None else []
    decision = _decided(
        suite,
        sight,
        claims.of_schedule(suite, newest, next_time=time.next),
        now,
        wanted=wanted,
        newest=newest,
        earlier=earlier,
        replaces=time.replaces,
    )
    times = {
        "last_schedule_time": timestamp(time.last),
        "next_schedule_time": None if suite.spec.suspend else timestamp(time.next),
    }
    again = None if suite.spec.suspend else time.next
    status = decision.status.model_copy(update=times)
    return SuiteDecision(status, decision.creates, decision.deletes, again)


def _time(suite: EvalSuite, sight: SuiteSight, now: datetime) -> _Time:
    schedule = suite.spec.schedule
    assert schedule is not None
    due, coming = last_time(schedule, now), next_time(schedule, now)
    acted = _acted(suite, sight, now)
    minutes = [held for run in sight.runs if (held := _minute(suite, run)) is not None]
    # Not those of a clock that was ahead.
    newest = max((held for held in minutes if held <= minute(now)), default=None)
    if due <= acted or suite.spec.suspend:
        return _Time(newest, starts=False, last=acted, next=coming)
    limit = schedule.starting_deadline_seconds
    is_late = limit is not None and now - due > timedelta(seconds=limit)
    busy = any(not run.is_finished for run in sight.runs if _minute(suite, run) != minute(due))
    is_held = busy and schedule.concurrency_policy is ConcurrencyPolicy.FORBID
    if is_late or is_held:
        return _Time(newest, starts=False, last=due, next=coming)
    replaces = schedule.concurrency_policy is ConcurrencyPolicy.REPLACE
    return _Time(minute(due), starts=True, last=due, next=coming, replaces=replaces)


def _acted(suite: EvalSuite, sight: SuiteSight, now: datetime) -> datetime:
    """The last time that was acted on; a clock that was put back does not stop the suite."""
    stamp = sight.status.last_schedule_time or suite.metadata.creation_timestamp
    return min(datetime.fromisoformat(stamp), now) if stamp is not None else now


def _minute(suite: EvalSuite, run: RunFacts) -> int | None:
    return minute_of(suite.metadata.name, run.name)


def _decided(  # noqa: PLR0913  (the parts of one decision)
    suite: EvalSuite,
    sight: SuiteSight,
    found: list[Claim],
    now: datetime,
    *,
    wanted: Sequence[WantedRun],
    newest: Sequence[RunFacts],
    earlier: Sequence[RunFacts],
    replaces: bool,
) -> SuiteDecision:
    taken = sorted({run.name for run in wanted} & sight.others)
    there = {run.name for run in newest}
    missing = [run for run in wanted if run.name not in there and run.name not in taken]
    held = claims.of_collision(taken) if taken else found
    status = with_runs(
        claims.stated(suite, sight.status, held, now),
        newest,
        wanted=sum(1 for _ in cells(suite)),
        kept=len(earlier),
    )
    outdated = [run for run in earlier if replaces and not run.is_finished]
    pruned = _pruned(earlier, suite.spec.history_limit)
    gone = tuple(run for run in (*outdated, *pruned) if not run.is_deleting)
    return SuiteDecision(status, tuple(missing), gone)


def _pruned(earlier: Iterable[RunFacts], limit: int) -> list[RunFacts]:
    finished = sorted(
        (run for run in earlier if run.is_finished),
        key=lambda run: (run.created, run.name),
        reverse=True,
    )
    return finished[limit:]


def _waiting(
    suite: EvalSuite, sight: SuiteSight, problems: Sequence[Problem], now: datetime
) -> SuiteDecision:
    found = claims.of_problems(problems)
    return SuiteDecision(claims.stated(suite, sight.status, found, now))
