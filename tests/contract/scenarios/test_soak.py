"""What takes more than a minute: for `make soak`."""

from __future__ import annotations

import os
import random
import time

import pytest
from contract.operator.test_process import endpoint, run
from contract.scenarios.hands import SHARDS, Hands
from contract.scenarios.test_faults import bugs
from unit.operator.world import plan_message, report_message

from faults.plan import Fate, Faults
from faults.proxy import Asked, Moment

MINUTES = float(os.environ.get("KOMPASS_SOAK_MINUTES", "5"))

pytestmark = [pytest.mark.cluster, pytest.mark.soak, pytest.mark.timeout(MINUTES * 120 + 900)]


def test_scenario_02_process_killed_at_any_request_ends_as_an_undisturbed_run(hands: Hands) -> None:
    asked, fatal = 0, 0

    async def kill(request: Asked, moment: Moment) -> None:
        nonlocal asked, fatal
        if request.kind.startswith(("POST", "PATCH", "DELETE", "GET pods", "GET configmaps")):
            asked += moment == ("before" if fatal % 2 else "after")
            if fatal and asked == (fatal + 1) // 2:
                fatal = 0
                hands.stage.operator.kill()

    hands.proxy.witness = kill
    hands.apply("calm", execution={"parallelism": 2})
    hands.to_its_end("calm")
    needed = asked
    assert needed > 3 * SHARDS
    for point in range(1, 2 * needed + 1):
        name = f"at-{point}"
        asked, fatal = 0, point
        hands.apply(name, execution={"parallelism": 2})
        _revive_until_over(hands, name)
        hands.assert_undisturbed(name)
        fatal = 0
    assert bugs(hands) == []


def test_scenario_05_watch_that_falls_silent_is_left_for_another(hands: Hands) -> None:
    hands.stage.operator.kill()
    hands.proxy.faults = Faults(5, chances={Fate.SILENT: 0.6})
    hands.stage.operator.start()
    hands.apply("silent", execution={"parallelism": 2})
    hands.to_its_end("silent", seconds=600)
    hands.assert_undisturbed("silent")


def test_scenario_29_churn_with_restarts_leaves_memory_and_files_as_they_were(hands: Hands) -> None:
    hands.stage.apply(endpoint())
    chance, began, turn = random.Random(29), time.monotonic(), 0
    held: list[tuple[float, float, int]] = []
    while time.monotonic() - began < MINUTES * 60:
        names = [f"churn-{turn}-{number}" for number in range(4)]
        for name in names:
            hands.stage.apply(run(name, execution={"parallelism": chance.randint(1, 3)}))
        for name in names:
            hands.to_its_end(name)
            hands.assert_undisturbed(name)
        hands.stage.kubectl("delete", "evalruns", "--all")
        operator = hands.stage.operator
        held.append((time.monotonic(), operator.resident_mebibytes(), operator.open_files()))
        turn += 1
    print(f"{4 * turn} runs; seconds, MiB, files: {held[0]} to {held[-1]}")
    warm = held[len(held) // 3 :]
    assert warm[-1][1] - warm[0][1] < 5
    assert warm[-1][2] - warm[0][2] <= 4
    assert bugs(hands) == []


def _revive_until_over(hands: Hands, name: str) -> None:
    messages = {"plan": plan_message(SHARDS), "summarize": report_message("61.54")}

    def finished() -> bool:
        process = hands.stage.operator.running
        if process is not None and process.poll() is not None:
            hands.stage.operator.start()
        hands.stage.play(name, messages)
        return hands.stage.condition(name, "Finished")[0] == "True"

    hands.stage.until(finished, seconds=120)
