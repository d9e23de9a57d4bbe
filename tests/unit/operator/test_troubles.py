"""What becomes of a run whose pods fail, wait, or do not come."""

from __future__ import annotations

import pytest
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    failure_message,
    run_manifest,
)

from kompass_operator.names import fingerprint


async def test_failed_shard_stops_the_others_and_names_the_cause() -> None:
    world = applied()
    await world.planned(shards=3)
    pod = world.job("s1")["metadata"]["name"] + "-0"
    world.fail("s1", 78, failure_message("ModelLoadFailed", "model.safetensors is cut off"))
    await world.settle()
    assert world.condition("Failed") == ("True", "ModelLoadFailed")
    assert world.condition("ShardsSucceeded") == ("False", "ShardsFailed")
    assert "shard 1 (model m): model.safetensors is cut off" in world.message("Failed")
    assert world.jobs() == ["plan", "s1"]
    failure = world.status().failures[0]
    assert (failure.stage, failure.shard, failure.exit_code) == ("shard", 1, 78)
    assert (failure.failure, failure.pod, failure.node) == ("ModelLoadFailed", pod, "node-1")


async def test_attempt_that_failed_is_told_and_the_run_goes_on() -> None:
    world = applied()
    await world.planned(shards=1)
    world.retry("s0", 74, failure_message("StorageUnavailable", "no answer"))
    await world.settle()
    assert [failure.failure for failure in world.status().failures] == ["StorageUnavailable"]
    assert world.condition("Finished")[0] == "False"
    reads = world.cluster.requests["list Pods"]
    await world.settle()
    assert world.cluster.requests["list Pods"] == reads, "each failure is looked at once"


async def test_second_kill_for_memory_ends_the_run_with_the_limit() -> None:
    world = World()
    limits = {"limits": {"memory": "100Mi"}}
    world.apply(endpoint_manifest(resources=limits), run_manifest())
    await world.planned(shards=2)
    world.retry("s0", 137, reason="OOMKilled")
    await world.settle()
    assert world.condition("Finished")[0] == "False"
    world.wait(10)
    world.retry("s0", 137, reason="OOMKilled")
    await world.settle()
    assert world.condition("Failed") == ("True", "OutOfMemory")
    assert "100Mi" in world.message("Failed")
    assert "spec.resources.limits.memory of ModelEndpoint 'm'" in world.message("Failed")
    assert world.jobs() == ["plan"]


@pytest.mark.parametrize(
    ("reason", "message", "waiting", "failed"),
    [
        pytest.param(
            "ErrImagePull",
            "registry/x:1: not found",
            "ImagePullBackOff",
            "ImageUnavailable",
            id="image-that-does-not-exist",
        ),
        pytest.param(
            "CreateContainerConfigError",
            'secret "keys" not found',
            "SecretMissing",
            "SecretMissing",
            id="secret-that-does-not-exist",
        ),
    ],
)
async def test_pod_that_waits_for_what_does_not_exist(
    reason: str, message: str, waiting: str, failed: str
) -> None:
    world = applied()
    await world.planned(shards=1)
    world.waiting_pod("s0", reason, message)
    world.wait(11)
    await world.settle()
    assert world.condition("Progressing") == ("False", waiting)
    assert message in world.message("Progressing")
    assert world.condition("Finished")[0] == "False"
    world.wait(300)
    await world.settle()
    assert world.condition("Failed") == ("True", failed)
    assert message in world.message("Failed")


async def test_registry_that_does_not_answer_is_waited_for_a_quarter_of_an_hour() -> None:
    world = applied()
    await world.planned(shards=1)
    world.waiting_pod("s0", "ErrImagePull", "dial tcp: i/o timeout")
    world.wait(800)
    await world.settle()
    assert world.condition("Progressing") == ("False", "ImagePullBackOff")
    assert world.condition("Stalled")[0] == "False"
    assert world.condition("Finished")[0] == "False"
    world.wait(101)
    await world.settle()
    assert world.condition("Failed") == ("True", "ImageUnavailable")


async def test_unschedulable_pod_waits_and_never_fails() -> None:
    world = applied()
    await world.planned(shards=1)
    world.unschedulable_pod("s0", "0/1 nodes: 1 Insufficient nvidia.com/gpu")
    world.wait(100_000)
    await world.settle()
    assert world.condition("Progressing") == ("False", "Unschedulable")
    assert "Insufficient nvidia.com/gpu" in world.message("Progressing")
    assert world.condition("Failed")[0] == "False"
    world.run_pod("s0")
    await world.settle()
    assert world.condition("Progressing") == ("True", "ShardsRunning")


async def test_job_without_a_pod_says_where_to_look() -> None:
    world = applied()
    await world.planned(shards=1)
    outcome = await world.operator.reconcile(KEY)
    assert outcome.again_seconds is not None
    assert outcome.again_seconds <= 30
    world.wait(30)
    await world.settle()
    name = world.job("s0")["metadata"]["name"]
    assert world.condition("Progressing") == ("False", "Waiting")
    assert f"kubectl describe job {name}" in world.message("Progressing")
    world.run_pod("s0")
    await world.settle()
    assert world.condition("Progressing") == ("True", "ShardsRunning")


async def test_pods_that_start_slowly_are_looked_at_seldom() -> None:
    world = applied(execution={"parallelism": 8})
    await world.planned(shards=8)
    for shard in range(8):
        world.waiting_pod(f"s{shard}", "ContainerCreating", "")
    before = world.cluster.requests["list Pods"]
    for _ in range(300):
        world.wait(1)
        await world.operator.reconcile(KEY)
    assert world.cluster.requests["list Pods"] - before <= 30


async def test_quota_is_told_and_tried_again() -> None:
    world = applied(execution={"parallelism": 4})
    world.cluster.job_quota = 3
    await world.planned(shards=4)
    outcome = await world.operator.reconcile(KEY)
    assert outcome.refused
    assert world.condition("Progressing") == ("False", "ResourceQuotaExceeded")
    assert "exceeded quota: jobs=3" in world.message("Progressing")
    assert world.jobs() == ["plan", "s0", "s1"]
    world.cluster.job_quota = None
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1", "s2", "s3"]
    assert world.condition("Progressing")[0] == "True"


async def test_name_that_is_taken_fails_the_run_and_touches_nothing() -> None:
    world = applied()
    run = world.cluster.objects["EvalRun", *KEY]
    name = f"demo-{fingerprint(run['metadata']['uid'])}-plan"
    world.apply({"kind": "Job", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": {}})
    await world.settle()
    assert world.condition("Failed") == ("True", "NameCollision")
    assert f"Job {name}" in world.message("Failed")
    assert world.jobs() == ["plan"]


async def test_deadline_counts_from_acceptance_and_stops_everything() -> None:
    world = applied(execution={"deadlineSeconds": 60})
    await world.settle()
    world.wait(60)
    await world.settle()
    assert world.condition("Failed") == ("True", "DeadlineExceeded")
    assert "spec.execution.deadlineSeconds (60)" in world.message("Failed")
    assert world.jobs() == []
