"""Whatever valid edits a run goes through, it ends as one that had the last spec from the start."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from unit.operator.world import (
    KEY,
    World,
    applied,
    endpoint_manifest,
    plan_message,
    report_message,
    run_manifest,
)
from unit.scenarios.edits import Spec, after, specs
from unit.scenarios.test_disturbances import open_jobs

from kompass_api.evalrun import EvalRun

MESSAGES = {"plan": plan_message(4), "summarize": report_message()}


async def lived(first: Spec, edits: list[tuple[int, Spec]]) -> World:
    """A run with the first spec, and each edit after so many ends of Jobs."""
    world, held = applied(**first), first
    await world.settle()
    for ends, wanted in edits:
        for _ in range(ends):
            await end_one(world)
        held = after(held, wanted)
        change(world, held)
        await world.settle()
    change(world, {**held, "execution": {**held["execution"], "suspend": False}})
    await world.settle()
    for _ in range(20):
        await end_one(world)
    return world


async def end_one(world: World) -> None:
    """The first open Job ends well."""
    for place in open_jobs(world)[:1]:
        world.complete(place, MESSAGES.get(place, "{}"))
    await world.settle()


def change(world: World, spec: Spec) -> None:
    """Replace the parts of the spec that may change."""
    held = world.cluster.objects["EvalRun", *KEY]
    held["metadata"]["generation"] += 1
    world.cluster.change("EvalRun", *KEY, spec={**held["spec"], **spec})


def end_state(world: World) -> dict[str, Any]:
    """What a person sees of the end, without times and generations."""
    status = world.status()
    return {
        "phase": status.phase,
        "score": status.score,
        "progress": status.progress,
        "shards": status.shards.model_dump(),
        "failures": status.failures,
        "jobs": world.jobs(),
        "conditions": {
            one.type: (one.status.value, one.reason)
            for one in status.conditions
            # Whether a run was ever suspended is told for good.
            if one.type != "Suspended"
        },
    }


@given(first=specs(), edits=st.lists(st.tuples(st.integers(0, 3), specs()), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_scenario_32_edited_run_ends_as_one_that_was_applied_so(
    first: Spec, edits: list[tuple[int, Spec]]
) -> None:
    last = edits[-1][1]
    fresh = {**last, "execution": {**last["execution"], "suspend": False}}
    edited = asyncio.run(lived(first, edits))
    assert end_state(edited) == end_state(asyncio.run(lived(fresh, [])))
    assert edited.status().phase == "Succeeded"


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(
    field=st.sampled_from(["models", "benchmarks", "execution", "retry", "cleanup", "sharding"]),
    value=NONSENSE,
)
@settings(max_examples=60, deadline=None)
def test_scenario_32_spec_of_another_version_is_refused_in_words_and_ends(
    field: str, value: object
) -> None:
    """The API server keeps such specs out; one that it stored under older rules may still be."""

    parts: dict[str, Any] = {field: value}
    wrong = run_manifest(**parts)

    complaints = kinds_of_complaint(wrong)

    async def live() -> World:
        world = World()
        world.apply(endpoint_manifest(), wrong)
        await world.operator.reconcile(KEY)
        await world.settle()
        if complaints == {"extra_forbidden"}:
            assert world.status().conditions == [], "it waits for an operator that knows the field"
        elif complaints:
            assert world.condition("Failed") == ("True", "InvalidSpec")
            assert f"spec.{field}" in world.message("Failed")
        if complaints:
            assert world.jobs() == []
            world.cluster.remove("EvalRun", *KEY)
            world.apply(run_manifest())
            await world.settle()
        return world

    assert asyncio.run(live()).condition("Accepted") == ("True", "Accepted")


def kinds_of_complaint(manifest: dict[str, Any]) -> set[str]:
    """What the models have against it, if anything."""
    try:
        EvalRun.model_validate(manifest)
    except ValidationError as error:
        return {held["type"] for held in error.errors()}
    return set()
