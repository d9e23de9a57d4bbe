"""Budgets of shards and runs: what is tried again, what stops others, what is left in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    applied,
    failure_message,
    report_message,
)

from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.observed import JobFacts
from kompass_operator.reconciler import Reconciler
from kompass_operator.views import Json, RunKey

WIDE = {"parallelism": 4}


async def failing(world: World, place: str, code: int, kind: str, times: int) -> None:
    for _ in range(times):
        world.retry(place, code, failure_message(kind, "it failed"))
        world.wait(10)
        await world.settle()


async def test_what_happens_around_a_shard_uses_up_no_attempt_of_its_own() -> None:
    world = applied(retry={"maxAttemptsPerShard": 2, "maxInfraRestartsPerShard": 3})
    await world.planned(shards=1)
    await failing(world, "s0", 74, "StorageUnavailable", 3)
    await failing(world, "s0", 70, "Internal", 1)
    assert world.condition("Finished")[0] == "False"
    await failing(world, "s0", 70, "Internal", 1)
    assert world.condition("Failed") == ("True", "ShardsFailed")


async def test_own_failures_use_up_no_restart() -> None:
    world = applied(retry={"maxAttemptsPerShard": 3, "maxInfraRestartsPerShard": 1})
    await world.planned(shards=1)
    await failing(world, "s0", 70, "Internal", 2)
    await failing(world, "s0", 69, "EndpointUnavailable", 1)
    assert world.condition("Finished")[0] == "False"
    await failing(world, "s0", 69, "EndpointUnavailable", 1)
    assert world.condition("Failed") == ("True", "EndpointUnavailable")


async def test_job_has_room_for_both_budgets() -> None:
    world = applied(retry={"maxAttemptsPerShard": 4, "maxInfraRestartsPerShard": 5})
    await world.planned(shards=1)
    assert world.job("s0")["spec"]["backoffLimit"] == 8
    assert world.job("plan")["spec"]["backoffLimit"] == 2


async def test_others_go_on_while_no_more_shards_fail_than_may() -> None:
    world = applied(execution=WIDE, retry={"maxFailedShards": 1})
    await world.planned(shards=3)
    world.fail("s0", 65, failure_message("InvalidData", "row 3"))
    await world.settle()
    assert world.condition("Finished")[0] == "False"
    assert (world.status().shards.failed, world.status().shards.running) == (1, 2)
    world.complete("s1")
    world.complete("s2")
    await world.settle()
    assert world.condition("Failed") == ("True", "InvalidData")
    assert "shard 0 (model m): row 3" in world.message("Failed")
    assert (world.status().shards.failed, world.status().shards.succeeded) == (1, 2)


async def test_given_up_shard_whose_job_is_deleted_is_not_started_again() -> None:
    world = applied(execution=WIDE, retry={"maxFailedShards": 1})
    await world.planned(shards=3)
    world.fail("s0", 65, failure_message("InvalidData", "row 3"))
    await world.settle()
    world.delete_job("s0")
    world.restart()
    await world.settle()
    assert world.jobs() == ["plan", "s1", "s2"]
    assert world.status().shards.failed == 1


async def test_shard_that_runs_out_of_memory_is_stopped_while_others_go_on() -> None:
    world = applied(execution=WIDE, retry={"maxFailedShards": 1})
    await world.planned(shards=2)
    for _ in range(2):
        world.retry("s0", 137, reason="OOMKilled")
        world.wait(10)
        await world.settle()
    assert world.jobs() == ["plan", "s1"]
    assert world.condition("Finished")[0] == "False"


@pytest.mark.parametrize(
    ("kinds", "stops"),
    [
        pytest.param(("ModelLoadFailed", "ModelLoadFailed"), True, id="alike"),
        pytest.param(("ModelLoadFailed", "InvalidData"), False, id="each-for-its-own-reason"),
        pytest.param(("Internal", "Internal"), False, id="bugs-may-pass"),
    ],
)
async def test_two_shards_alike_stop_the_others(kinds: tuple[str, str], *, stops: bool) -> None:
    world = applied(execution=WIDE, retry={"maxFailedShards": 3})
    await world.planned(shards=4)
    for place, kind in zip(("s0", "s2"), kinds, strict=True):
        world.fail(place, 78, failure_message(kind, "it failed"))
        await world.settle()
    open_jobs = world.open_jobs()
    assert (open_jobs == []) is stops
    assert (world.condition("Failed") == ("True", "ModelLoadFailed")) is stops


async def test_run_that_is_given_up_reports_what_there_is_and_is_failed() -> None:
    world = applied(execution=WIDE, retry={"onExhausted": "ReportPartial"})
    await world.planned(shards=3)
    world.complete("s0")
    pod = world.pod("s1", phase="Running")
    world.fail("s2", 78, failure_message("ModelLoadFailed", "cut off"))
    await world.settle()
    assert "deletionTimestamp" in world.job("s1")["metadata"], "its checkpoint is waited for"
    assert "partial" not in world.jobs()
    assert world.condition("Finished")[0] == "False"
    world.cluster.remove("Pod", NAMESPACE, pod)
    world.delete_job("s1")
    await world.settle()
    assert world.job("partial")["spec"]["template"]["spec"]["containers"][0]["command"][:3] == [
        "kompass-worker",
        "summarize",
        "--partial",
    ]
    world.restart()
    world.complete("partial", report_message(partial=True))
    await world.settle()
    status = world.status()
    assert world.condition("Failed") == ("True", "ModelLoadFailed")
    assert world.condition("Complete") == ("False", "ModelLoadFailed")
    assert world.condition("ResultsAvailable") == ("True", "PartialReportPublished")
    assert "7 of 10 planned items; 3 are missing: m/law/1" in world.message("ResultsAvailable")
    assert status.results is not None
    assert (status.results.partial, status.items.missing, status.given_up) == (True, 3, None)


async def test_part_report_that_fails_leaves_the_reason_as_it_was() -> None:
    world = applied(retry={"onExhausted": "ReportPartial"})
    await world.planned(shards=1)
    world.fail("s0", 78, failure_message("ModelLoadFailed", "cut off"))
    await world.settle()
    world.fail("partial", 65, failure_message("IncompleteResults", "0 of 10 items"))
    await world.settle()
    assert world.condition("Failed") == ("True", "ModelLoadFailed")
    assert world.condition("ResultsAvailable") == ("False", "SummarizerFailed")


async def test_part_report_that_never_comes_does_not_keep_the_run_from_ending() -> None:
    world = applied(retry={"onExhausted": "ReportPartial"})
    await world.planned(shards=1)
    world.fail("s0", 78, failure_message("ModelLoadFailed", "cut off"))
    await world.settle()
    outcome = await world.operator.reconcile(KEY)
    assert outcome.again_seconds is not None
    world.wait(1801)
    await world.settle()
    assert world.condition("Failed") == ("True", "ModelLoadFailed")
    assert world.open_jobs() == []


async def test_broken_device_is_kept_away_from_with_all_before_it() -> None:
    world = applied()
    await world.planned(shards=1)
    for number, place in enumerate(("s0", "s0-t1")):
        world.fail(place, 71, failure_message("DeviceError", "uncorrectable ECC error"))
        name = world.job(place)["metadata"]["name"]
        held = world.cluster.objects["Pod", NAMESPACE, f"{name}-0"]
        world.cluster.change(
            "Pod", NAMESPACE, f"{name}-0", spec={**held["spec"], "nodeName": f"gpu-{number}"}
        )
        await world.settle()
    affinity = world.job("s0-t2")["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    avoided = [field["values"] for term in terms for field in term["matchFields"]]
    assert avoided == [["gpu-0"], ["gpu-1"]]
    assert world.status().shards.failed == 0


async def test_complete_jobs_may_be_deleted() -> None:
    world = applied(execution={"parallelism": 1})
    await world.planned(shards=2)
    world.complete("s0")
    await world.settle()
    world.delete_job("s0")
    world.restart()
    world.complete("s1")
    await world.settle()
    assert world.jobs() == ["plan", "s1", "summarize"]
    assert world.status().progress == "2/2"


class Blind:
    """Watches that do not show one Job."""

    def __init__(self, cluster: FakeCluster, hidden: str) -> None:
        self._cluster = cluster
        self._hidden = hidden

    def run(self, key: RunKey) -> Json | None:
        return self._cluster.run(key)

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        return self._cluster.runs()

    def known(self) -> set[str]:
        return self._cluster.known()

    def endpoints(self, namespace: str) -> Iterable[Json]:
        return self._cluster.endpoints(namespace)

    def benchmarks(self, namespace: str) -> Iterable[Json]:
        return self._cluster.benchmarks(namespace)

    def policies(self) -> Iterable[Json]:
        return self._cluster.policies()

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        return self._cluster.namespace_labels(namespace)

    def jobs(self, namespace: str, run_uid: str) -> Iterable[JobFacts]:
        found = self._cluster.jobs(namespace, run_uid)
        return [job for job in found if not job.name.endswith(self._hidden)]


async def test_job_that_a_watch_does_not_show_is_asked_for_and_not_doubled() -> None:
    world = applied(execution={"parallelism": 2})
    await world.planned(shards=2)
    blind = Blind(world.cluster, "-s0")
    world.operator = Reconciler(world.cluster, blind, world.settings, world.now)
    before = world.cluster.requests["get Job"]
    for _ in range(3):
        await world.operator.reconcile(KEY)
        world.wait(3)
    assert world.jobs() == ["plan", "s0", "s1"]
    assert world.status().failures == []
    assert 1 <= world.cluster.requests["get Job"] - before <= 2


async def test_first_failure_is_kept_whole_and_the_newest_ten_beside_it() -> None:
    world = applied(retry={"maxInfraRestartsPerShard": 20})
    await world.planned(shards=1)
    long = "no answer from https://storage.example.com: " + "x" * 400
    world.retry("s0", 74, failure_message("StorageUnavailable", long))
    await world.settle()
    for _ in range(12):
        world.wait(10)
        await failing(world, "s0", 74, "StorageUnavailable", 1)
    status = world.status()
    pod = world.job("s0")["metadata"]["name"] + "-0"
    assert status.first_failure is not None
    assert (status.first_failure.message, status.first_failure.attempt) == (long, 1)
    assert status.first_failure.log == f"kubectl logs {pod} -n {NAMESPACE}"
    assert [one.attempt for one in status.failures] == list(range(13, 3, -1))


async def test_each_failed_pod_costs_one_look() -> None:
    world = applied()
    await world.planned(shards=1)
    looks = world.cluster.requests["list Pods"]
    await failing(world, "s0", 74, "StorageUnavailable", 5)
    assert world.cluster.requests["list Pods"] - looks == 5
