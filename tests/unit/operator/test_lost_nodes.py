"""Pods on nodes that are drained or lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from unit.operator.world import NAMESPACE, World, applied, report_message


async def running(**execution: Any) -> World:
    """A run with two shards that run."""
    world = applied(execution=execution)
    await world.planned(shards=2)
    world.run_pod("s0")
    world.run_pod("s1")
    await world.settle()
    return world


def told_to_end(world: World, place: str, grace_seconds: int = 120) -> str:
    """The pod of a Job is being deleted, as after a drain or by the taint manager."""
    name = world.pod(place, phase="Running")
    at = world.time + timedelta(seconds=grace_seconds)
    held = world.cluster.objects["Pod", NAMESPACE, name]
    held["metadata"]["deletionTimestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.job_status(place, active=0, ready=0, terminating=1)
    return name


async def let_pass(world: World, seconds: int, step: int = 30) -> None:
    """Time goes by; the operator looks whenever it wants to."""
    for _ in range(seconds // step):
        world.wait(step)
        await world.settle()


async def test_drained_shard_goes_on_and_nothing_is_told() -> None:
    world = await running()
    pod = told_to_end(world, "s0")
    await world.settle()
    world.cluster.remove("Pod", NAMESPACE, pod)
    world.job_status("s0", active=1, ready=1, terminating=0)
    await let_pass(world, 600)
    assert world.status().failures == []
    assert world.condition("Progressing") == ("True", "ShardsRunning")
    assert "NodeUnreachable" not in world.message("Progressing")


async def test_lost_node_is_named_and_its_shard_goes_on_elsewhere() -> None:
    world = await running()
    first = world.job("s0")["metadata"]["uid"]
    told_to_end(world, "s0")
    await let_pass(world, 390)
    assert world.job("s0")["metadata"]["uid"] == first
    await let_pass(world, 90)
    assert world.job("s0")["metadata"]["uid"] != first
    events = [held for (kind, *_), held in world.cluster.objects.items() if kind == "Event"]
    assert any("node node-1 does not answer" in event["message"] for event in events)
    world.complete("s0")
    world.complete("s1")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    assert world.condition("Complete")[0] == "True"


async def test_lost_node_is_waited_for_where_the_run_says_so() -> None:
    world = await running(onNodeLost="Wait")
    uid = world.job("s0")["metadata"]["uid"]
    world.job_status("s1", ready=0, active=0)
    world.complete("s1")
    pod = told_to_end(world, "s0")
    await let_pass(world, 3600)
    assert world.condition("Progressing") == ("False", "NodeUnreachable")
    assert f"pod {pod} should have ended" in world.message("Progressing")
    assert "node node-1 does not answer" in world.message("Progressing")
    assert world.condition("Stalled") == ("True", "NodeUnreachable")
    assert world.job("s0")["metadata"]["uid"] == uid


async def test_lost_node_is_told_of_while_other_shards_run() -> None:
    world = await running(onNodeLost="Wait")
    told_to_end(world, "s0")
    await let_pass(world, 600)
    assert world.condition("Progressing") == ("True", "NodeUnreachable")
    assert "node node-1 does not answer" in world.message("Progressing")


async def test_nothing_polls_for_a_lost_node() -> None:
    world = await running(onNodeLost="Wait")
    told_to_end(world, "s0")
    await world.settle()
    before = world.cluster.requests["list Pods"]
    await let_pass(world, 7200)
    assert world.cluster.requests["list Pods"] - before <= 2


async def test_run_that_is_suspended_on_a_lost_node_can_go_on() -> None:
    world = await running()
    pod = told_to_end(world, "s0", grace_seconds=0)
    world.patch_execution(suspend=True)
    await world.settle()
    assert "s0" in world.jobs()
    assert pod
    world.patch_execution(suspend=False)
    await let_pass(world, 600)
    assert "deletionTimestamp" not in world.job("s0")["metadata"]
