"""The operator's process behind a proxy that lets its API server fail."""

from __future__ import annotations

import json
import threading
import time

import pytest
from contract.operator.process import OperatorProcess
from contract.scenarios.hands import SHARDS, Hands
from unit.operator.world import plan_message

from faults.plan import NONE, OUTAGE, Fate, Faults
from faults.proxy import Asked, Moment

pytestmark = [pytest.mark.soak, pytest.mark.cluster, pytest.mark.timeout(280)]


def bugs(hands: Hands) -> list[str]:
    """What the operator logged as an error."""
    lines = [json.loads(line) for line in hands.stage.operator.log.splitlines()]
    return [line["message"] for line in lines if line.get("level") == "ERROR"]


@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_scenario_01_operator_killed_between_two_jobs_makes_the_others_and_none_twice(
    hands: Hands, wanted: int
) -> None:
    made = 0

    async def kill(asked: Asked, moment: Moment) -> None:
        nonlocal made
        made += asked.kind == "POST jobs" and moment == "after"
        if made == 1 + wanted:
            made += 1
            hands.stage.operator.kill()

    hands.apply("killed", execution={"parallelism": SHARDS})
    plan = hands.stage.open_pod("killed", "plan")
    made = 1
    hands.proxy.witness = kill
    hands.stage.end_pod(plan, 0, plan_message(SHARDS))
    hands.stage.until(lambda: made > 1 + wanted)
    before = hands.jobs("killed")
    hands.stage.operator.start()
    hands.to_its_end("killed")
    hands.assert_undisturbed("killed")
    assert before.items() <= hands.jobs("killed").items()


def test_scenario_03_lists_of_the_past_after_a_restart_undo_nothing(hands: Hands) -> None:
    hands.apply("stale", execution={"parallelism": 1})
    hands.planned("stale")
    hands.stage.end_pod(hands.stage.open_pod("stale", "shard", 0))
    hands.stage.open_pod("stale", "shard", 1)
    before, writes = hands.jobs("stale"), hands.status_writes()
    hands.stage.operator.kill()
    hands.proxy.faults = Faults(chances={Fate.STALE: 1.0}, only="^GET .*(evalruns|jobs)")
    hands.stage.operator.start()
    hands.stage.until(lambda: hands.proxy.fates[Fate.STALE] >= 2)
    time.sleep(5)
    assert hands.jobs("stale") == before
    assert hands.stage.get("evalrun", "stale")["status"]["progress"] == "1/3"
    assert hands.status_writes() - writes <= 5
    hands.proxy.faults = NONE
    hands.to_its_end("stale")
    hands.assert_undisturbed("stale")
    assert before.items() <= hands.jobs("stale").items()


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(5, duplicated=0.5, delayed=0.5), id="twice-and-late"),
        pytest.param(Faults(5, cut=0.3), id="cut-all-the-time"),
        pytest.param(Faults(5, chances={Fate.GONE: 0.7}), id="410-storm"),
    ],
)
def test_scenario_05_watches_that_repeat_delay_break_or_expire_are_followed(
    hands: Hands, faults: Faults
) -> None:
    hands.stage.operator.kill()
    hands.proxy.faults = faults
    hands.stage.operator.start()
    hands.apply("watched", execution={"parallelism": 2})
    hands.to_its_end("watched", seconds=200)
    hands.assert_undisturbed("watched")
    assert bugs(hands) == []


def test_scenario_06_two_operators_at_once_make_no_job_twice(hands: Hands) -> None:
    first = hands.stage.operator
    second = OperatorProcess(first.cluster, first.namespace, first.folder)
    second.start()
    try:
        hands.apply("twins", execution={"parallelism": 2})
        hands.to_its_end("twins")
        hands.assert_undisturbed("twins")
        writes = hands.status_writes()
        time.sleep(10)
        assert hands.status_writes() == writes, "they do not write against each other"
    finally:
        second.kill()
    assert bugs(hands) == []


def test_scenario_07_user_who_edits_all_the_time_is_no_match(hands: Hands) -> None:
    hands.apply("edited", execution={"parallelism": 2})
    stop, edits = threading.Event(), 0

    def edit() -> None:
        nonlocal edits
        while not stop.is_set():
            edits += 1
            note = f"example.com/note={edits}"
            hands.stage.kubectl("annotate", "--overwrite", "evalrun", "edited", note)

    editor = threading.Thread(target=edit)
    editor.start()
    began = time.monotonic()
    try:
        hands.to_its_end("edited")
    finally:
        stop.set()
        editor.join()
    hands.assert_undisturbed("edited")
    assert edits > 10
    assert hands.status_writes() <= 12 + (time.monotonic() - began)
    assert bugs(hands) == []


def test_scenario_23_errors_cuts_and_delays_cost_nothing_but_time(hands: Hands) -> None:
    chances = {Fate.FAILED: 0.05, Fate.LOST: 0.04, Fate.REFUSED: 0.04, Fate.TRUNCATED: 0.02}
    hands.stage.operator.kill()
    hands.proxy.faults = Faults(23, chances=chances, delay_seconds=(0.0, 0.1))
    hands.stage.operator.start()
    names = [f"faulty-{number}" for number in range(3)]
    for name in names:
        hands.apply(name, execution={"parallelism": 2})
    for name in names:
        hands.to_its_end(name, seconds=200)
        hands.assert_undisturbed(name)
    assert sum(hands.proxy.fates[fate] for fate in chances) > 3, hands.proxy.fates
    assert bugs(hands) == []


def test_scenario_23_outage_of_the_api_server_is_waited_out(hands: Hands) -> None:
    hands.apply("outage", execution={"parallelism": 2})
    hands.planned("outage")
    hands.proxy.faults = OUTAGE
    hands.stage.end_pod(hands.stage.open_pod("outage", "shard", 0))
    asked = sum(hands.proxy.counts.values())
    time.sleep(30)
    assert sum(hands.proxy.counts.values()) - asked < 60, "it backs off"
    assert hands.stage.operator.running is not None
    assert hands.stage.operator.running.poll() is None, "it waits, and does not end"
    hands.proxy.faults = NONE
    hands.to_its_end("outage")
    hands.assert_undisturbed("outage")


def test_scenario_23_slow_api_server_is_a_slow_run(hands: Hands) -> None:
    hands.proxy.faults = Faults(delay_seconds=(1.0, 1.0), only="^(POST|PATCH|GET .*pods)")
    hands.apply("slow", execution={"parallelism": 2})
    hands.to_its_end("slow", seconds=200)
    hands.assert_undisturbed("slow")


def test_scenario_23_retry_after_is_honoured(hands: Hands) -> None:
    times: list[float] = []

    async def note(asked: Asked, moment: Moment) -> None:
        if asked.kind == "POST configmaps" and moment == "before":
            times.append(time.monotonic())

    hands.proxy.witness = note
    hands.proxy.faults = Faults(
        chances={Fate.FAILED: 1.0}, statuses=(429,), retry_after_seconds=6, only="POST .*configmaps"
    )
    hands.apply("throttled")
    hands.stage.until(lambda: len(times) >= 2)
    assert times[1] - times[0] >= 6
    hands.proxy.faults = NONE
    hands.to_its_end("throttled")
    hands.assert_undisturbed("throttled")
