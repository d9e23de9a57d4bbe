"""What is done now and then: the resync, the sweep, the probe; and that one bug stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from unit.operator.world import KEY, World, endpoint_manifest, run_manifest, settings

from kompass_operator.cluster import Conflict, Unavailable
from kompass_operator.dispatcher import Dispatcher, Upkeep
from kompass_operator.reconciler import Outcome
from kompass_operator.settings import Settings
from kompass_operator.sweep import WatchesMissedDeletions, check
from kompass_operator.views import RunKey
from kompass_operator.workqueue import Agenda, Backoff, WorkQueue

OTHER = RunKey("team", "other")
Pass = Callable[[RunKey], Awaitable[Outcome]]


class Office:
    """A dispatcher whose passes are a function of the test's."""

    def __init__(self, reconcile: Pass, with_settings: Settings) -> None:
        loop = asyncio.get_running_loop()
        agenda: Agenda[RunKey] = Agenda(Backoff(0.01, 0.02), lambda: 0.0)
        self.queue = WorkQueue(agenda, loop.time)
        self.checks = 0
        self.alarms: list[str] = []
        self.active = [KEY]
        self.dispatcher = Dispatcher(
            self.queue, reconcile, with_settings, self.upkeep(self.check), lambda: 0
        )

    def upkeep(self, check: Callable[[], Awaitable[None]]) -> Upkeep[RunKey]:
        return Upkeep(lambda: self.active, check, self.alarm)

    async def check(self) -> None:
        self.checks += 1

    async def alarm(self, key: RunKey, error: Exception) -> None:
        self.alarms.append(f"{key.name}: {error}")


async def serve_until(office: Office, done: asyncio.Event) -> None:
    serving = asyncio.create_task(office.dispatcher.serve())
    try:
        await asyncio.wait_for(done.wait(), 5)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Unavailable("no answer"), id="server-is-away"),
        pytest.param(RuntimeError("a bug"), id="bug"),
    ],
)
async def test_failed_pass_is_tried_again_and_others_go_on(trouble: Exception) -> None:
    seen: list[RunKey] = []
    done = asyncio.Event()

    async def reconcile(key: RunKey) -> Outcome:
        seen.append(key)
        if key == KEY and seen.count(KEY) < 3:
            raise trouble
        if seen.count(KEY) >= 3 and OTHER in seen:
            done.set()
        return Outcome()

    office = Office(reconcile, settings(workers=2))
    office.queue.add(KEY)
    office.queue.add(OTHER)
    await serve_until(office, done)
    assert seen.count(OTHER) == 1


@pytest.mark.parametrize(
    ("trouble", "alarms"),
    [
        pytest.param(RuntimeError("a bug"), ["demo: a bug"], id="32-bug-of-the-operator"),
        pytest.param(Unavailable("no answer"), [], id="server-is-away"),
    ],
)
async def test_people_hear_once_of_passes_that_keep_failing_by_a_bug(
    trouble: Exception, alarms: list[str]
) -> None:
    passes = 0
    done = asyncio.Event()

    async def reconcile(_key: RunKey) -> Outcome:
        nonlocal passes
        passes += 1
        if passes > 7:
            done.set()
            return Outcome()
        raise trouble

    office = Office(reconcile, settings())
    office.queue.add(KEY)
    await serve_until(office, done)
    assert office.alarms == alarms


async def test_alarm_is_a_warning_and_changes_no_state() -> None:
    world = World()
    world.apply(endpoint_manifest(), run_manifest())
    await world.settle()
    before = world.status()
    await world.operator.alarm(KEY, KeyError("spec"))
    events = [held for (kind, *_), held in world.cluster.objects.items() if kind == "Event"]
    assert [(held["type"], held["reason"]) for held in events[-1:]] == [
        ("Warning", "InternalError")
    ]
    assert "KeyError" in events[-1]["message"]
    assert world.status() == before


async def test_run_that_changed_meanwhile_is_taken_up_soon() -> None:
    done = asyncio.Event()
    passes = 0

    async def reconcile(_key: RunKey) -> Outcome:
        nonlocal passes
        passes += 1
        if passes == 1:
            raise Conflict("modified")
        done.set()
        return Outcome()

    office = Office(reconcile, settings())
    office.queue.add(KEY)
    await serve_until(office, done)


async def test_active_runs_are_looked_at_again_without_an_event() -> None:
    done = asyncio.Event()

    async def reconcile(_key: RunKey) -> Outcome:
        done.set()
        return Outcome()

    await serve_until(Office(reconcile, settings(resync_seconds=0.01)), done)


async def test_missed_deletion_ends_the_dispatcher() -> None:
    async def reconcile(_key: RunKey) -> Outcome:
        return Outcome()

    office = Office(reconcile, settings(sweep_seconds=0.01))

    async def missed() -> None:
        raise WatchesMissedDeletions

    office.dispatcher = Dispatcher(
        office.queue, reconcile, settings(sweep_seconds=0.01), office.upkeep(missed), lambda: 0
    )
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(office.dispatcher.serve(), 5)
    assert ended.value.subgroup(WatchesMissedDeletions) is not None


async def test_healthy_dispatcher_says_so() -> None:
    async def reconcile(_key: RunKey) -> Outcome:
        return Outcome()

    assert Office(reconcile, settings()).dispatcher.illness() is None


async def test_sweep_finds_what_no_watch_told() -> None:
    world = World()
    world.apply(endpoint_manifest(), run_manifest())
    await world.settle()
    known = world.cluster.known()
    await check(world.cluster, world.cluster.known, (), settle_seconds=0)
    world.cluster.remove("EvalRun", *KEY)
    with pytest.raises(WatchesMissedDeletions, match="2 EvalRuns or Jobs"):
        await check(world.cluster, lambda: known, (), settle_seconds=0)


async def test_sweep_takes_a_late_watch_for_no_miss() -> None:
    world = World()
    world.apply(endpoint_manifest(), run_manifest())
    await world.settle()
    answers = iter([world.cluster.known(), set[str]()])
    world.cluster.remove("EvalRun", *KEY)
    await check(world.cluster, lambda: next(answers), (), settle_seconds=0)
