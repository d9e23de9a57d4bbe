"""What gates make of a run: Complete stays, Ready waits for them, a baseline is waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit.operator.world import (
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    report_message,
    run_manifest,
)

from kompass_api.rundocument import RunDocument
from kompass_operator.views import RunKey

GATES = [
    {"name": "good", "benchmark": "ceval", "value": "60"},
    {"name": "better", "benchmark": "ceval", "value": "70"},
]
BESIDE_PROD = [{"name": "as-prod", "benchmark": "ceval", "baseline": {"run": "prod"}}]
OTHER = RunKey(NAMESPACE, "prod")


def judged_message(**passed: bool) -> str:
    """What a summarize pod leaves that judged these gates."""
    report = json.loads(report_message())["report"]
    report["gates"] = [
        {"name": name, "passed": ok, "value": "61.54", "threshold": ">= 60"}
        for name, ok in passed.items()
    ]
    return json.dumps({"report": report})


async def ended(world: World, message: str) -> None:
    """Bring the run to its end."""
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.complete("summarize", message)
    await world.settle()


@pytest.mark.parametrize(
    ("mode", "passed", "expected"),
    [
        pytest.param("Gate", True, ("True", "True", "False"), id="all-pass"),
        pytest.param("Gate", False, ("False", "False", "True"), id="one-fails"),
        pytest.param("Record", False, ("False", "True", "False"), id="one-fails-and-is-recorded"),
    ],
)
async def test_a_failed_gate_holds_what_waits_for_the_run(
    mode: str, expected: tuple[str, str, str], *, passed: bool
) -> None:
    world = applied(gates=GATES, gateMode=mode)
    await ended(world, judged_message(good=True, better=passed))
    found = tuple(world.condition(one)[0] for one in ("GatesPassed", "Ready", "Stalled"))
    assert found == expected
    assert world.condition("Complete")[0] == "True"
    assert [gate.passed for gate in world.status().gates] == [True, passed]


async def test_the_message_names_gate_value_and_threshold() -> None:
    world = applied(gates=GATES)
    await ended(world, judged_message(good=True, better=False))
    assert world.condition("Ready") == ("False", "GatesFailed")
    assert world.message("GatesPassed") == "gate better: 61.54, wanted >= 60"
    assert world.message("Stalled") == world.message("GatesPassed")


async def test_a_gate_that_nobody_judged_does_not_pass() -> None:
    world = applied(gates=GATES)
    await ended(world, judged_message(good=True))
    assert world.condition("GatesPassed") == ("False", "GatesFailed")
    assert "gate better was not judged" in world.message("GatesPassed")


async def test_gates_are_unknown_while_the_run_is_under_way() -> None:
    world = applied(gates=GATES)
    await world.settle()
    assert world.condition("GatesPassed") == ("Unknown", "Planning")


async def test_a_run_without_gates_says_nothing_of_them() -> None:
    world = applied()
    await ended(world, report_message())
    assert "GatesPassed" not in {one.type for one in world.status().conditions}


def prod(**status: Any) -> dict[str, Any]:
    """The run that is the baseline."""
    return {**run_manifest("prod"), "status": status}


FINISHED = {"conditions": [{"type": "Finished", "status": "True"}]}
REPORT = {"uri": "s3://results/runs/team/prod/u/report", "digest": "d"}


async def test_a_baseline_under_way_is_waited_for_however_long_it_takes() -> None:
    world = applied(gates=BESIDE_PROD)
    world.apply(prod())
    await world.settle()
    world.wait(86_400)
    await world.settle()
    assert world.condition("Accepted") == ("False", "BaselineUnfinished")
    assert world.jobs() == []
    world.cluster.change("EvalRun", *OTHER, status={**FINISHED, "results": REPORT})
    await world.settle()
    assert world.condition("Accepted")[0] == "True"
    frozen = next(one for (kind, *_), one in world.cluster.objects.items() if kind == "ConfigMap")
    document = RunDocument.model_validate_json(frozen["data"]["run.json"])
    assert document.gates is not None
    assert document.gates[0].baseline_uri == REPORT["uri"]


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        pytest.param(None, "EvalRun 'prod' does not exist", id="missing"),
        pytest.param(FINISHED, "EvalRun 'prod', ended without a report", id="failed"),
    ],
)
async def test_a_baseline_without_a_report_ends_the_run(
    baseline: dict[str, Any] | None, words: str
) -> None:
    world = World()
    world.apply(endpoint_manifest(), run_manifest(gates=BESIDE_PROD))
    if baseline is not None:
        world.apply(prod(**baseline))
    await world.settle()
    world.wait(400)
    await world.settle()
    assert world.condition("Failed") == ("True", "BaselineNotFound")
    assert words in world.message("Failed")
    assert world.condition("GatesPassed")[0] == "False"


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        pytest.param({"model": "n", "value": "1"}, "is about model 'n'", id="model-of-no-run"),
        pytest.param({"baseline": {"run": "demo"}}, "no baseline of itself", id="itself"),
    ],
)
async def test_a_gate_that_cannot_work_is_refused_at_once(gate: dict[str, Any], words: str) -> None:
    world = applied(gates=[{"name": "g", "benchmark": "ceval", **gate}])
    await world.settle()
    assert world.condition("Accepted") == ("False", "InvalidSpec")
    assert words in world.message("Accepted")


async def test_reused_results_are_judged_by_the_gates_of_the_new_run() -> None:
    world = applied(gates=GATES)
    await world.settle()
    report = json.loads(judged_message(good=True, better=False))
    report["report"]["reusedFrom"] = {"name": "demo", "uid": "earlier"}
    world.complete("plan", json.dumps(report))
    await world.settle()
    assert world.condition("GatesPassed") == ("False", "GatesFailed")
    assert world.condition("Complete")[0] == "True"
