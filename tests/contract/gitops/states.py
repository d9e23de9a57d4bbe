"""Every state of a run and a suite, as the operator's own code leaves the object."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from unit.operator.test_gating import GATES, judged_message
from unit.operator.test_suites import KEY as SUITE
from unit.operator.test_suites import NIGHTLY, Orchard
from unit.operator.world import KEY, World, applied, endpoint_manifest, report_message, run_manifest

Object = dict[str, Any]


class Expected(NamedTuple):
    """What each engine makes of a state."""

    kstatus: str
    argo: str
    flux: str


_MOVING: Final = Expected("InProgress", "Progressing", "InProgress")
_HELD: Final = Expected("InProgress", "Suspended", "InProgress")
_WELL: Final = Expected("Current", "Healthy", "Current")
_BAD: Final = Expected("Failed", "Degraded", "Failed")


async def unseen() -> Object:
    """Applied, and not looked at."""
    return _run(applied())


async def waiting() -> Object:
    """What it names does not exist yet."""
    world = World()
    world.apply(run_manifest())
    await world.settle()
    return _run(world)


async def planning() -> Object:
    """The plan Job runs."""
    world = applied()
    await world.settle()
    return _run(world)


async def running() -> Object:
    """Shards run."""
    world = applied()
    await world.planned()
    return _run(world)


async def unschedulable() -> Object:
    """No node has room: waiting is not failing."""
    world = applied()
    await world.planned()
    world.unschedulable_pod("s0", "0/3 nodes are available")
    world.wait(60)
    await world.settle()
    return _run(world)


async def suspended() -> Object:
    """A person holds it."""
    world = applied(execution={"suspend": True})
    await world.settle()
    return _run(world)


async def complete() -> Object:
    """It has its report."""
    return _run(await _ended())


async def failed() -> Object:
    """A shard gave up."""
    world = applied()
    await world.planned()
    world.fail("s0", 65, json.dumps({"failure": "InvalidData", "message": "row 3"}))
    await world.settle()
    return _run(world)


async def refused() -> Object:
    """It waited five minutes for what never came."""
    world = World()
    world.apply(run_manifest())
    await world.settle()
    world.wait(400)
    await world.settle()
    return _run(world)


async def gates_passed() -> Object:
    """Every gate passed."""
    return _run(await _ended(judged_message(good=True, better=True), gates=GATES))


async def gate_failed() -> Object:
    """A gate holds what waits for the run."""
    return _run(await _ended(judged_message(good=True, better=False), gates=GATES))


async def gate_recorded() -> Object:
    """A failed gate is recorded only."""
    world = await _ended(judged_message(good=True, better=False), gates=GATES, gateMode="Record")
    return _run(world)


async def edited() -> Object:
    """Complete, and edited a moment ago."""
    held = _run(await _ended())
    held["metadata"]["generation"] += 1
    return held


async def asked_again() -> Object:
    """Complete, and the next attempt begins."""
    world = await _ended()
    held = world.cluster.objects["EvalRun", *KEY]
    held["metadata"]["generation"] += 1
    world.cluster.change("EvalRun", *KEY, spec={**held["spec"], "rerunToken": "again"})
    await world.operator.reconcile(KEY)
    return _run(world)


RUNS: Final[Mapping[str, tuple[Callable[[], Awaitable[Object]], Expected]]] = {
    "unseen": (unseen, Expected("Current", "Progressing", "Unknown")),
    "waiting": (waiting, _MOVING),
    "planning": (planning, _MOVING),
    "running": (running, _MOVING),
    "unschedulable": (unschedulable, _MOVING),
    "suspended": (suspended, _HELD),
    "complete": (complete, _WELL),
    "failed": (failed, _BAD),
    "refused": (refused, _BAD),
    "gates-passed": (gates_passed, _WELL),
    "gate-failed": (gate_failed, _BAD),
    "gate-recorded": (gate_recorded, _WELL),
    "edited": (edited, _MOVING),
    "asked-again": (asked_again, _MOVING),
}


async def suite_unseen() -> Object:
    """Applied, and not looked at."""
    return _suite(Orchard())


async def suite_active() -> Object:
    """Its runs are under way."""
    orchard = Orchard()
    await orchard.settle()
    return _suite(orchard)


async def suite_waiting() -> Object:
    """It names an endpoint that does not exist."""
    orchard = Orchard(template={"models": [{"name": "late"}]})
    await orchard.settle()
    return _suite(orchard)


async def suite_complete() -> Object:
    """Its runs are complete."""
    orchard = Orchard()
    await orchard.settle()
    for name in orchard.runs():
        orchard.end(name)
    await orchard.settle()
    return _suite(orchard)


async def suite_failed() -> Object:
    """One of its runs failed."""
    orchard = Orchard()
    await orchard.settle()
    orchard.end(orchard.runs()[0], ready=False)
    await orchard.settle()
    return _suite(orchard)


async def suite_suspended() -> Object:
    """A person holds it."""
    orchard = Orchard(suspend=True)
    await orchard.settle()
    return _suite(orchard)


async def suite_scheduled() -> Object:
    """It waits for its time."""
    orchard = Orchard(schedule=NIGHTLY)
    await orchard.settle()
    return _suite(orchard)


async def suite_edited() -> Object:
    """Complete, and edited a moment ago."""
    held = await suite_complete()
    held["metadata"]["generation"] += 1
    return held


SUITES: Final[Mapping[str, tuple[Callable[[], Awaitable[Object]], Expected]]] = {
    "unseen": (suite_unseen, Expected("Current", "Progressing", "Unknown")),
    "active": (suite_active, _MOVING),
    "waiting": (suite_waiting, _MOVING),
    "complete": (suite_complete, _WELL),
    "failed": (suite_failed, _BAD),
    "suspended": (suite_suspended, _HELD),
    "scheduled": (suite_scheduled, _WELL),
    "edited": (suite_edited, _MOVING),
}


STATES: Final = {
    **{f"run-{name}": state for name, state in RUNS.items()},
    **{f"suite-{name}": state for name, state in SUITES.items()},
}
"""Every state of both kinds."""


def _endpoint(generation: int = 1, **held: str) -> Object:
    """A ModelEndpoint with these conditions; without any it was never needed."""
    manifest = {**endpoint_manifest()}
    manifest["metadata"] = {**manifest["metadata"], "generation": generation}
    conditions = [
        {"type": about, "status": status, "reason": "Because", "message": about}
        for about, status in held.items()
    ]
    status = {"observedGeneration": 1, "conditions": conditions}
    return {**manifest, "status": status} if conditions else manifest


ENDPOINTS: Final[Mapping[str, tuple[Object, str, str]]] = {
    "never-needed": (_endpoint(), "Current", "Healthy"),
    "ready": (_endpoint(Ready="True", Reconciling="False"), "Current", "Healthy"),
    "probing": (_endpoint(Ready="False", Reconciling="True"), "InProgress", "Progressing"),
    "stalled": (_endpoint(Ready="False", Stalled="True"), "Failed", "Degraded"),
    "edited": (_endpoint(2, Ready="True"), "InProgress", "Progressing"),
}
"""State -> the object, what kstatus makes of it, what Argo CD does."""


async def _ended(message: str | None = None, **spec: Any) -> World:
    world = applied(**spec)
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.complete("summarize", message or report_message())
    await world.settle()
    return world


def _run(world: World) -> Object:
    return copy.deepcopy(world.cluster.objects["EvalRun", *KEY])


def _suite(orchard: Orchard) -> Object:
    return copy.deepcopy(orchard.cluster.objects["EvalSuite", *SUITE])
