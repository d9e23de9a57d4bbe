"""Runs in a queue: what is told while they wait, are evicted, or are given up."""

from __future__ import annotations

import pytest
from unit.operator.queues import Queue
from unit.operator.world import (
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    plan_message,
    report_message,
    run_manifest,
    settings,
)

from kompass_api.conditions import Reason
from kompass_operator.queueing import Word, WorkloadFacts, standing_of

QUEUE = {"queue": {"name": "team"}}


async def queued(shards: int = 2, **execution: object) -> tuple[World, Queue]:
    """A run whose shards Kueue has taken notice of."""
    world = applied(execution={**QUEUE, **execution})
    queue = Queue(world)
    await world.settle()
    queue.take("plan")
    queue.admit("plan")
    world.complete("plan", plan_message(shards))
    await world.settle()
    queue.take(*(f"s{index}" for index in range(shards)))
    await world.settle()
    return world, queue


def _held(message: str, reason: str = "Pending") -> WorkloadFacts:
    return WorkloadFacts("w", "team", "u", "demo", "r", reserved=Word(False, reason, message))


UNUSED = (
    "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in "
    "flavor h100, 2 more needed"
)


@pytest.mark.parametrize(
    ("workload", "reason", "needs_a_person"),
    [
        pytest.param(_held(UNUSED), Reason.WAITING_FOR_QUOTA, False, id="no-quota-now"),
        pytest.param(
            _held(UNUSED + ". Pending the preemption of 1 workload(s)"),
            Reason.WAITING_FOR_QUOTA,
            False,
            id="victims-go-first",
        ),
        pytest.param(
            _held(
                "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in "
                "flavor h100, previously considered podsets requests (0) + current podset request "
                "(8) > maximum capacity (4)"
            ),
            Reason.EXCEEDS_MAX_QUOTA,
            True,
            id="more-than-the-queue-has",
        ),
        pytest.param(
            _held(
                "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in "
                "flavor a100, request > maximum capacity (8 > 4), insufficient unused quota for "
                "nvidia.com/gpu in flavor h100, 2 more needed"
            ),
            Reason.WAITING_FOR_QUOTA,
            False,
            id="another-flavor-gives-hope",
        ),
        pytest.param(
            _held(
                "couldn't assign flavors to pod set main: untolerated taint {nvidia.com/gpu  "
                "NoSchedule <nil>} in flavor h100"
            ),
            Reason.NO_MATCHING_FLAVOR,
            True,
            id="untolerated-taint",
        ),
        pytest.param(
            _held("LocalQueue nope doesn't exist", "Inadmissible"),
            Reason.QUEUE_NOT_FOUND,
            True,
            id="no-local-queue",
        ),
        pytest.param(
            _held("ClusterQueue cq is stopped", "Inadmissible"),
            Reason.WAITING_FOR_QUOTA,
            False,
            id="queue-is-stopped",
        ),
        pytest.param(
            _held("x", "NoMatchingFlavor"), Reason.NO_MATCHING_FLAVOR, True, id="fine-no-flavor"
        ),
        pytest.param(
            _held("x", "ExceedsMaxQuota"), Reason.EXCEEDS_MAX_QUOTA, True, id="fine-too-much"
        ),
        pytest.param(
            _held("x", "Misconfigured"), Reason.QUEUE_NOT_FOUND, True, id="fine-misconfigured"
        ),
        pytest.param(
            _held("x", "WaitingForQuota"), Reason.WAITING_FOR_QUOTA, False, id="fine-waiting"
        ),
        pytest.param(
            _held("x", "TopologyPlacementFailed"),
            Reason.WAITING_FOR_QUOTA,
            False,
            id="fine-topology",
        ),
        pytest.param(
            _held("x", "SomethingNew"), Reason.WAITING_FOR_QUOTA, False, id="unknown-is-a-wait"
        ),
    ],
)
def test_both_vocabularies_of_kueue_are_understood(
    workload: WorkloadFacts, reason: Reason, *, needs_a_person: bool
) -> None:
    standing = standing_of(workload)
    assert (standing.reason, standing.needs_a_person) == (reason, needs_a_person)
    assert not standing.admitted


async def test_run_without_a_queue_says_so() -> None:
    world = applied()
    await world.planned(shards=1)
    assert world.condition("Admitted") == ("True", "NoQueue")


async def test_queue_without_kueue_has_no_effect_and_that_is_said() -> None:
    world = applied(execution=QUEUE)
    await world.planned(shards=1)
    assert world.condition("Admitted") == ("True", "NoQueue")
    assert "queue team has no effect" in world.message("Admitted")


async def test_wait_for_quota_is_told_in_the_queues_words_and_ends() -> None:
    world, queue = await queued()
    queue.kueue.hold(queue.name("s0"), UNUSED)
    queue.kueue.hold(queue.name("s1"), UNUSED)
    await world.settle()
    assert world.condition("Admitted") == ("False", "WaitingForQuota")
    assert "shard 0 (model m): couldn't assign flavors" in world.message("Admitted")
    assert world.condition("Progressing") == ("False", "Queued")
    assert world.condition("Stalled")[0] == "False"
    world.wait(7 * 24 * 3600)
    await world.settle()
    assert world.condition("Finished")[0] == "False"
    queue.admit("s0")
    await world.settle()
    assert world.condition("Admitted") == ("True", "QuotaReserved")
    assert "1 of 2 Jobs are admitted" in world.message("Admitted")
    assert world.condition("Progressing") == ("True", "ShardsRunning")


@pytest.mark.parametrize(
    ("message", "kueues_reason", "reason"),
    [
        pytest.param(
            "LocalQueue team doesn't exist", "Inadmissible", "QueueNotFound", id="no-queue"
        ),
        pytest.param(
            "insufficient quota for nvidia.com/gpu in flavor h100, request > maximum capacity "
            "(8 > 4)",
            "Pending",
            "ExceedsMaxQuota",
            id="too-much",
        ),
    ],
)
async def test_misconfigured_queue_stalls_the_run_and_the_run_waits(
    message: str, kueues_reason: str, reason: str
) -> None:
    world, queue = await queued(shards=1)
    queue.kueue.hold(queue.name("s0"), message, kueues_reason)
    await world.settle()
    assert world.condition("Admitted") == ("False", reason)
    assert world.condition("Stalled") == ("True", reason)
    assert world.condition("Reconciling")[0] == "False"
    world.wait(24 * 3600)
    await world.settle()
    assert world.condition("Finished")[0] == "False"
    queue.admit("s0")
    await world.settle()
    assert world.condition("Stalled")[0] == "False"
    assert world.condition("Admitted") == ("True", "QuotaReserved")


async def test_five_preemptions_suspend_the_run_and_cost_nothing() -> None:
    world, queue = await queued(shards=1)
    job = world.job("s0")["metadata"]["uid"]
    for _ in range(5):
        queue.admit("s0")
        await world.settle()
        assert world.condition("Suspended")[0] == "False"
        queue.kueue.preempt(queue.name("s0"))
        await world.settle()
        assert world.condition("Suspended") == ("True", "Evicted")
        assert world.condition("Admitted") == ("False", "Preempted")
        assert world.condition("Finished")[0] == "False"
    assert world.job("s0")["metadata"]["uid"] == job
    assert world.status().failures == []
    queue.admit("s0")
    await world.settle()
    assert world.condition("Suspended") == ("False", "Resumed")


async def test_eviction_of_one_shard_does_not_suspend_the_others() -> None:
    world, queue = await queued(shards=2)
    queue.admit("s0", "s1")
    queue.kueue.preempt(queue.name("s0"))
    await world.settle()
    assert world.condition("Suspended")[0] == "False"
    assert world.condition("Admitted") == ("True", "QuotaReserved")
    assert "Preempted" in world.message("Admitted")


async def test_workload_that_is_deactivated_ends_the_run() -> None:
    world, queue = await queued(shards=2)
    queue.admit("s0", "s1")
    queue.kueue.deactivate(queue.name("s1"))
    await world.settle()
    assert world.condition("Failed") == ("True", "WorkloadDeactivated")
    assert world.condition("Admitted") == ("False", "WorkloadDeactivated")
    assert "shard 1 (model m): The workload is deactivated" in world.message("Failed")
    assert world.jobs() == ["plan"]


async def test_job_of_which_kueue_takes_no_notice_is_told_after_a_minute() -> None:
    world = applied(execution={"queue": {"name": "team", "priorityClass": "urgent"}})
    queue = Queue(world)
    await world.settle()
    queue.kueue.webhook(queue.name("plan"))
    await world.settle()
    assert world.condition("Admitted") == ("False", "WaitingForQuota")
    world.wait(61)
    await world.settle()
    assert world.condition("Admitted") == ("False", "WorkloadMissing")
    assert "WorkloadPriorityClass urgent does not exist" in world.message("Admitted")
    assert world.condition("Stalled") == ("True", "WorkloadMissing")


async def test_jobs_that_are_queued_by_surprise_are_explained_too() -> None:
    world = applied()
    queue = Queue(world)
    await world.settle()
    world.job("plan")["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "default"
    queue.take("plan")
    queue.kueue.hold(queue.name("plan"), UNUSED)
    await world.settle()
    assert world.condition("Admitted") == ("False", "WaitingForQuota")


async def test_suspend_of_a_queued_run_removes_its_jobs_and_never_touches_their_suspend() -> None:
    world, queue = await queued(shards=2)
    queue.admit("s0", "s1")
    world.patch_execution(suspend=True)
    await world.settle()
    assert world.jobs() == ["plan"]
    assert world.condition("Suspended") == ("True", "UserSuspended")
    queue.collect()
    world.patch_execution(suspend=False)
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1"]
    patches = [request for request in world.cluster.requests if request.startswith("patch")]
    assert patches == []
    assert all("suspend" not in world.job(place)["spec"] for place in ("s0", "s1"))


async def test_whole_run_in_a_queue_ends_well_and_remembers_that_it_was_admitted() -> None:
    world, queue = await queued(shards=1)
    queue.admit("s0")
    world.complete("s0")
    queue.kueue.finish(queue.name("s0"))
    await world.settle()
    queue.take("summarize")
    queue.admit("summarize")
    world.complete("summarize", report_message())
    await world.settle()
    assert world.condition("Complete")[0] == "True"
    assert world.condition("Admitted") == ("True", "QuotaReserved")


async def test_restarted_operator_knows_the_same() -> None:
    world, queue = await queued(shards=1)
    queue.admit("s0")
    queue.kueue.preempt(queue.name("s0"))
    await world.settle()
    before = world.status()
    world.restart()
    await world.settle()
    assert world.status() == before


async def test_namespace_quota_is_a_wait_that_is_told_as_not_admitted() -> None:
    world = World(settings())
    world.cluster.job_quota = 1
    world.apply(endpoint_manifest(), run_manifest())
    await world.settle()
    world.complete("plan", plan_message(2))
    await world.settle()
    assert world.condition("Admitted") == ("False", "ResourceQuotaExceeded")
    requests = world.cluster.requests["create Job"]
    world.cluster.job_quota = 10
    await world.settle()
    assert world.condition("Admitted") == ("True", "NoQueue")
    assert requests < 5


async def test_share_of_a_gpu_where_a_whole_one_is_meant_is_warned_of() -> None:
    world = World()
    world.apply(endpoint_manifest(gpu={"resourceName": "nvidia.com/gpu.shared"}), run_manifest())
    await world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert "nvidia.com/gpu.shared counts shares of a GPU" in world.message("Accepted")


async def test_quota_that_refuses_pods_is_told_in_its_own_words_with_few_requests() -> None:
    world = applied()
    await world.planned(shards=1)
    job = world.job("s0")
    refusal = (
        'Error creating: pods "demo-s0-x" is forbidden: exceeded quota: gpus, requested: '
        "requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, limited: "
        "requests.nvidia.com/gpu=4"
    )
    world.apply(
        {
            "kind": "Event",
            "metadata": {"name": "refused", "namespace": NAMESPACE},
            "involvedObject": {"uid": job["metadata"]["uid"]},
            "reason": "FailedCreate",
            "message": refusal,
        }
    )
    world.job_status("s0", startTime=world.time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    before = world.cluster.requests.total()
    for _ in range(20):
        world.wait(30)
        await world.settle()
    assert world.condition("Admitted") == ("False", "ResourceQuotaExceeded")
    assert refusal in world.message("Admitted")
    assert world.condition("Finished")[0] == "False"
    assert world.cluster.requests.total() - before < 40
    world.run_pod("s0")
    await world.settle()
    assert world.condition("Admitted") == ("True", "NoQueue")
    assert world.condition("Progressing") == ("True", "ShardsRunning")
