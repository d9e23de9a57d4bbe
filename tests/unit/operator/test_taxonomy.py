"""The failure taxonomy, a row each: what happens, and what the run's status says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    applied,
    failure_message,
    report_message,
)

from kompass_operator.cluster import WebhookDown

States = Mapping[str, tuple[str, str]]
"""Status and reason by condition."""
Scenario = Callable[[World], Awaitable[None]]

GOES_ON: States = {"Finished": ("False", "ShardsRunning"), "Progressing": ("True", "ShardsRunning")}


@dataclass(frozen=True)
class Row:
    """What happens to a run of three shards, two at a time, and what is then seen."""

    scenario: Scenario
    states: States
    classes: tuple[str, ...] = ()
    """Of status.failures, newest first."""
    jobs: tuple[str, ...] | None = None
    spec: dict[str, Any] = field(default_factory=dict)


def failing(place: str, code: int, kind: str, times: int = 1) -> Scenario:
    """The shard's pod ends with this code and class so often."""

    async def happen(world: World) -> None:
        if "s1" in world.jobs():
            world.run_pod("s1")
        for _ in range(times):
            world.retry(place, code, failure_message(kind, f"{kind} is what it says"))
            world.wait(10)
            await world.settle()

    return happen


def final(place: str, code: int, kind: str) -> Scenario:
    """The shard's Job fails at once, by the exit code."""

    async def happen(world: World) -> None:
        world.fail(place, code, failure_message(kind, f"{kind} is what it says"))
        await world.settle()

    return happen


def waiting(reason: str, message: str, seconds: float = 11) -> Scenario:
    """The first shard's pod is on a node and does not start."""

    async def happen(world: World) -> None:
        world.waiting_pod("s0", reason, message)
        world.wait(seconds)
        await world.settle()

    return happen


def unschedulable(message: str, seconds: float = 11) -> Scenario:
    """No node takes the first shard's pod."""

    async def happen(world: World) -> None:
        world.unschedulable_pod("s0", message)
        world.wait(seconds)
        await world.settle()

    return happen


async def killed_for_memory_twice(world: World) -> None:
    for _ in range(2):
        world.retry("s0", 137, reason="OOMKilled")
        world.wait(10)
        await world.settle()


async def held_by_a_queue(world: World) -> None:
    for place in ("s0", "s1"):
        job = world.job(place)
        world.cluster.change(
            "Job", NAMESPACE, job["metadata"]["name"], spec={**job["spec"], "suspend": True}
        )
    await world.settle()


async def drained(world: World) -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    ended = {"exitCode": 143, "reason": "Error", "message": ""}
    world.pod(
        "s0",
        phase="Failed",
        conditions=[condition],
        containerStatuses=[{"name": "worker", "state": {"terminated": ended}}],
    )
    world.run_pod("s0")
    await world.settle()


async def evicted_for_its_disk(world: World) -> None:
    for number in range(3):
        message = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi."
        world.pod("s0", number, phase="Failed", reason="Evicted", message=message)
        world.job_status("s0", failed=number + 1, active=0, ready=0)
        world.wait(10)
        await world.settle()


async def preflight_is_refused(world: World) -> None:
    world.restart_run()
    await world.settle()
    world.fail("plan", 77, failure_message("StorageDenied", "403 for s3://results"))
    await world.settle()


async def hangs_once(world: World) -> None:
    world.give_up("s0", "DeadlineExceeded", "Job was active longer than specified deadline")
    await world.settle()


async def hangs_every_time(world: World) -> None:
    for place in ("s0", "s0-t1", "s0-t2"):
        world.wait(100)
        world.give_up(place, "DeadlineExceeded", "Job was active longer than specified deadline")
        await world.settle()


async def deadline_of_the_run(world: World) -> None:
    world.complete("s0")
    world.wait(3600)
    await world.settle()
    world.complete("partial", report_message(partial=True))
    await world.settle()


async def summary_fails(world: World) -> None:
    await world.shards_done()
    for _ in range(2):
        world.retry("summarize", 70, failure_message("Internal", "a bug"))
    world.retry("summarize", 70, failure_message("Internal", "a bug"))
    world.give_up("summarize", "BackoffLimitExceeded", "it failed three times")
    await world.settle()


async def gap_is_found(world: World) -> None:
    await world.shards_done()
    message = failure_message("IncompleteResults", "9 of 10 items", gaps="1")
    world.fail("summarize", 65, message)
    await world.settle()


async def gap_stays(world: World) -> None:
    await gap_is_found(world)
    world.complete("s1-t1")
    await world.settle()
    world.fail("summarize", 65, failure_message("IncompleteResults", "9 of 10 items", gaps="1"))
    await world.settle()


async def quota_is_used_up(world: World) -> None:
    world.cluster.job_quota = 3
    world.complete("s0")
    await world.settle()


async def webhook_is_down(world: World) -> None:
    def down(request: str) -> None:
        if request == "create Job":
            raise WebhookDown('500 failed calling webhook "x": connection refused')

    world.cluster.before_request = down
    world.complete("s0")
    await world.operator.reconcile(KEY)
    world.wait(3)
    await world.operator.reconcile(KEY)


async def job_is_deleted_once(world: World) -> None:
    world.delete_job("s0")
    await world.settle()


async def job_is_deleted_twice(world: World) -> None:
    await job_is_deleted_once(world)
    world.delete_job("s0-t1")
    await world.settle()


ROWS = {
    "01-container-killed-for-its-memory": Row(
        killed_for_memory_twice,
        {"Failed": ("True", "OutOfMemory"), "ShardsSucceeded": ("False", "ShardsFailed")},
        ("OOMKilled", "OOMKilled"),
    ),
    "02-device-has-too-little-memory": Row(
        final("s0", 78, "DeviceOutOfMemory"),
        {"Failed": ("True", "ModelDoesNotFit")},
        ("DeviceOutOfMemory",),
        ("plan", "s0"),
    ),
    "03-registry-does-not-answer": Row(
        waiting("ErrImagePull", "dial tcp: i/o timeout"),
        {
            "Progressing": ("False", "ImagePullBackOff"),
            "Stalled": ("False", "ImagePullBackOff"),
            "Failed": ("False", "ImagePullBackOff"),
        },
    ),
    "03-registry-does-not-answer-for-a-quarter-of-an-hour": Row(
        waiting("ImagePullBackOff", "dial tcp: i/o timeout", 901),
        {"Failed": ("True", "ImageUnavailable")},
    ),
    "04-image-does-not-exist": Row(
        waiting("ErrImagePull", "registry/x:1: not found"),
        {
            "Progressing": ("False", "ImagePullBackOff"),
            "Stalled": ("True", "ImagePullBackOff"),
            "Reconciling": ("False", "ImagePullBackOff"),
        },
    ),
    "04-image-does-not-exist-for-five-minutes": Row(
        waiting("InvalidImageName", "couldn't parse image", 301),
        {"Failed": ("True", "ImageUnavailable")},
        jobs=("plan",),
    ),
    "05-secret-does-not-exist": Row(
        waiting("CreateContainerConfigError", 'secret "keys" not found'),
        {"Accepted": ("False", "SecretMissing"), "Failed": ("False", "SecretMissing")},
    ),
    "05-secret-does-not-exist-for-five-minutes": Row(
        waiting("CreateContainerConfigError", 'secret "keys" not found', 301),
        {"Accepted": ("False", "SecretMissing"), "Failed": ("True", "SecretMissing")},
    ),
    "06-no-gpu-is-free": Row(
        unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", 100_000),
        {"Progressing": ("False", "Unschedulable"), "Stalled": ("False", "Unschedulable")},
    ),
    "06-no-gpu-is-free-until-the-pending-deadline": Row(
        unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", 700),
        {"Failed": ("True", "PendingDeadlineExceeded")},
        spec={"execution": {"parallelism": 2, "pendingDeadlineSeconds": 600}},
    ),
    "07-no-node-will-ever-do": Row(
        unschedulable(
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", 100_000
        ),
        {"Progressing": ("False", "UnschedulableSpec"), "Stalled": ("True", "UnschedulableSpec")},
    ),
    "07-volume-does-not-exist": Row(
        unschedulable('persistentvolumeclaim "weights" not found', 100_000),
        {"Stalled": ("True", "UnschedulableSpec"), "Failed": ("False", "UnschedulableSpec")},
    ),
    "08-queue-has-no-room": Row(
        held_by_a_queue,
        {"Progressing": ("False", "Queued"), "Failed": ("False", "Queued")},
    ),
    "12-node-is-drained": Row(drained, GOES_ON),
    "14-evicted-for-its-disk": Row(
        evicted_for_its_disk,
        {"Failed": ("True", "EphemeralStorage")},
        ("EphemeralStorage",) * 3,
    ),
    "15-weights-do-not-load": Row(
        final("s0", 78, "ModelLoadFailed"),
        {"Failed": ("True", "ModelLoadFailed")},
        ("ModelLoadFailed",),
        ("plan", "s0"),
    ),
    "16-model-is-gated": Row(
        final("s0", 77, "ModelAccessDenied"),
        {"Failed": ("True", "ModelAccessDenied")},
        ("ModelAccessDenied",),
    ),
    "16-model-is-missing": Row(
        final("s0", 66, "ModelMissing"),
        {"Failed": ("True", "ModelAccessDenied")},
        ("ModelMissing",),
    ),
    "17-hub-does-not-answer": Row(
        failing("s0", 75, "HubUnavailable", 5),
        {"Finished": ("False", "ShardsRunning"), "Failed": ("False", "ShardsRunning")},
        ("HubUnavailable",) * 5,
    ),
    "17-hub-does-not-answer-ever": Row(
        failing("s0", 75, "HubUnavailable", 11),
        {"Failed": ("True", "HubUnavailable")},
        ("HubUnavailable",) * 10,
    ),
    "18-storage-does-not-answer": Row(
        failing("s0", 74, "StorageUnavailable", 3),
        {"Progressing": ("False", "StorageUnavailable"), "Failed": ("False", "StorageUnavailable")},
        ("StorageUnavailable",) * 3,
        spec={"execution": {"parallelism": 1}},
    ),
    "19-storage-refuses-the-key": Row(
        preflight_is_refused,
        {"Accepted": ("False", "StorageDenied"), "Failed": ("True", "StorageDenied")},
        ("StorageDenied",),
        ("plan",),
    ),
    "20-endpoint-goes-down": Row(
        failing("s0", 69, "EndpointUnavailable", 4),
        {"Failed": ("False", "EndpointUnavailable")},
        ("EndpointUnavailable",) * 4,
        spec={"execution": {"parallelism": 1}},
    ),
    "22-shard-hangs": Row(hangs_once, GOES_ON, ("ShardTimeout",), ("plan", "s0", "s0-t1", "s1")),
    "22-shard-hangs-every-time": Row(
        hangs_every_time, {"Failed": ("True", "ShardTimeout")}, ("ShardTimeout",) * 3
    ),
    "23-deadline-of-the-run": Row(
        deadline_of_the_run,
        {
            "Failed": ("True", "DeadlineExceeded"),
            "ResultsAvailable": ("True", "PartialReportPublished"),
            "Complete": ("False", "DeadlineExceeded"),
        },
        jobs=("partial", "plan", "s0"),
        spec={"execution": {"parallelism": 2, "deadlineSeconds": 3600}},
    ),
    "24-summary-fails": Row(
        summary_fails,
        {
            "Failed": ("True", "SummarizerFailed"),
            "ShardsSucceeded": ("True", "AllShardsSucceeded"),
            "ResultsAvailable": ("False", "SummarizerFailed"),
        },
        ("Internal",) * 3,
        ("plan", "s0", "s1", "s2", "summarize"),
    ),
    "25-items-are-missing": Row(
        gap_is_found,
        {"ShardsSucceeded": ("False", "MissingSamples"), **GOES_ON},
        ("IncompleteResults",),
        ("plan", "s0", "s1", "s1-t1", "s2"),
    ),
    "25-items-stay-missing": Row(
        gap_stays,
        {
            "Failed": ("True", "IncompleteResults"),
            "ShardsSucceeded": ("False", "MissingSamples"),
            "Complete": ("False", "IncompleteResults"),
        },
        ("IncompleteResults",),
    ),
    "26-quota-is-used-up": Row(
        quota_is_used_up,
        {
            "Progressing": ("False", "ResourceQuotaExceeded"),
            "Failed": ("False", "ResourceQuotaExceeded"),
        },
    ),
    "27-admission-webhook-is-down": Row(
        webhook_is_down,
        {
            "Progressing": ("False", "WebhookUnavailable"),
            "Reconciling": ("True", "WebhookUnavailable"),
            "Failed": ("False", "WebhookUnavailable"),
        },
    ),
    "28-job-is-deleted-by-somebody": Row(
        job_is_deleted_once, GOES_ON, ("JobDeletedExternally",), ("plan", "s0-t1", "s1")
    ),
    "28-job-is-deleted-twice": Row(
        job_is_deleted_twice,
        {"Failed": ("True", "JobDeletedExternally")},
        ("JobDeletedExternally", "JobDeletedExternally"),
    ),
    "30-device-is-broken": Row(
        final("s0", 71, "DeviceError"), GOES_ON, ("DeviceError",), ("plan", "s0", "s0-t1", "s1")
    ),
}


ELSEWHERE = {
    "10-evicted-by-a-queue-goes-on-from-its-parts": (
        "worker/test_life_of_a_run.py",
        "test_a_stop_commits_what_is_answered",
    ),
    "12-drains-are-counted-apart": (
        "worker/test_gaps.py",
        "test_shard_that_is_interrupted_too_often_ends_with_its_budget",
    ),
    "18-what-is-committed-is-not-computed-again": (
        "worker/test_life_of_a_run.py",
        "test_a_killed_shard_goes_on_where_its_parts_end",
    ),
    "21-endpoint-is-too-busy": ("served/test_limits.py", "test_a_pause_holds_everyone"),
    "25-shard-fills-its-gap": (
        "worker/test_gaps.py",
        "test_gap_is_filled_and_nothing_else_is_computed",
    ),
    "29-run-is-deleted": (
        "operator/test_reconciling.py",
        "test_deleted_run_and_ending_namespace_are_left_alone",
    ),
    "32-operator-has-a-bug": (
        "operator/test_upkeep.py",
        "test_people_hear_once_of_passes_that_keep_failing_by_a_bug",
    ),
}
"""Rows, or the part of them, that is not seen in the status of a run in the cluster in memory."""


@pytest.mark.parametrize(("file", "name"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_row_that_is_shown_elsewhere_is_shown_there(file: str, name: str) -> None:
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
async def test_row_of_the_taxonomy(row: Row) -> None:
    world = applied(**{"execution": {"parallelism": 2}, **row.spec})
    await world.planned(shards=3)
    await row.scenario(world)
    assert {about: world.condition(about) for about in row.states} == dict(row.states)
    assert tuple(one.failure for one in world.status().failures) == row.classes
    if row.jobs is not None:
        assert tuple(world.jobs()) == row.jobs
