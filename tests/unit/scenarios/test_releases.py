"""Operator and CRDs of two releases, as they are for a moment in every upgrade and rollback."""

from __future__ import annotations

from unit.operator.world import KEY, World, applied
from unit.scenarios.test_disturbances import to_the_end

NEWER = {"reuseAnswersOf": "yesterday"}


def fill_in(world: World) -> None:
    """What CRDs of a newer release add to a stored run, and a newer operator to its status."""
    held = world.cluster.objects["EvalRun", *KEY]
    status = {**held.get("status", {}), "surprise": {"of": "a newer release"}}
    world.cluster.change("EvalRun", *KEY, spec={**held["spec"], **NEWER}, status=status)


async def test_scenario_24_running_run_goes_on_under_newer_crds() -> None:
    world = applied(execution={"parallelism": 2})
    await world.planned(shards=3)
    before = {place: world.job(place)["metadata"]["uid"] for place in world.jobs()}
    fill_in(world)
    world.restart()
    await to_the_end(world)
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")
    after = {place: world.job(place)["metadata"]["uid"] for place in world.jobs()}
    assert before.items() <= after.items()


async def test_scenario_24_finished_run_is_left_as_it_is_under_newer_crds() -> None:
    world = applied()
    await to_the_end(world)
    fill_in(world)
    world.restart()
    before = world.cluster.requests.copy()
    await world.settle()
    assert world.cluster.objects["EvalRun", *KEY]["status"]["phase"] == "Succeeded"
    assert world.cluster.requests["apply status"] <= before["apply status"] + 1
    assert world.cluster.requests["create Job"] == before["create Job"]


async def test_scenario_24_new_run_with_fields_of_a_newer_release_waits_for_its_operator() -> None:
    world = applied()
    fill_in(world)
    outcome = await world.operator.reconcile(KEY)
    assert outcome.refused
    assert world.jobs() == []
    held = world.cluster.objects["EvalRun", *KEY]
    assert "conditions" not in held["status"]
    spec = {key: value for key, value in held["spec"].items() if key not in NEWER}
    world.cluster.change("EvalRun", *KEY, spec=spec, status={})
    await to_the_end(world)
    assert world.condition("Complete")[0] == "True"
