"""Runs in a queue, against a real API server with Kueue's own CRDs; a double plays Kueue.

The operator and the Job controller are real. scenario 22 of the fault list: Kueue not installed,
installed later, no queue, preempted again and again, deactivated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from contract.operator.stage import Object, Stage
from contract.operator.test_process import endpoint, run
from kueue_double import KueueDouble, workload_name
from unit.operator.world import plan_message, report_message

from clusters import Cluster, CommandFailed

pytestmark = [pytest.mark.cluster, pytest.mark.shared, pytest.mark.timeout(300)]

QUEUE = {"execution": {"queue": {"name": "team"}}}
WORKLOADS = "workloads.kueue.x-k8s.io"
WAITS = (
    "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in "
    "flavor h100, 2 more needed"
)


@dataclass(frozen=True)
class StageShelf:
    """Jobs and Workloads of the stage's namespace, through kubectl."""

    stage: Stage

    def get(self, kind: str, name: str) -> Object:
        return self.stage.get(_plural(kind), name)

    def create(self, manifest: Object) -> None:
        self.stage.kubectl("create", "-f", "-", text=json.dumps(manifest))

    def patch(self, kind: str, name: str, patch: Object) -> None:
        self._patch(kind, name, patch)

    def patch_status(self, kind: str, name: str, patch: Object) -> None:
        self._patch(kind, name, {"status": patch}, "--subresource=status")

    def await_stop(self, job: str) -> None:
        self.stage.until(lambda: not self.get("Job", job)["status"].get("active"))

    def _patch(self, kind: str, name: str, patch: Object, *more: str) -> None:
        self.stage.kubectl(
            *("patch", _plural(kind), name, "--type=merge", "-p", json.dumps(patch), *more)
        )


def _plural(kind: str) -> str:
    return WORKLOADS if kind == "Workload" else "jobs"


@dataclass(frozen=True)
class Queue:
    """Kueue's double, which knows a run's Jobs by their stage and shard."""

    stage: Stage

    @property
    def kueue(self) -> KueueDouble:
        return KueueDouble(StageShelf(self.stage))

    def job(self, run_name: str, stage: str, shard: int | None = None) -> str:
        """Name of a Job; waits until there is one."""
        selector = f"kompass.dev/run={run_name},kompass.dev/stage={stage}"
        selector += f",kompass.dev/shard={shard}" if shard is not None else ""
        self.stage.until(lambda: self.stage.items("jobs", selector))
        return str(self.stage.items("jobs", selector)[0]["metadata"]["name"])

    def take(self, job: str) -> None:
        """Kueue notices a new Job."""
        self.kueue.webhook(job)
        self.kueue.take(job)


@pytest.fixture
def kueues_crds(cluster: Cluster, shared: Path) -> Iterator[None]:
    """Kueue's CRD of Workloads, unless the cluster has it."""
    file = shared / "data/kueue/v0.19.2/kueue.x-k8s.io_workloads.yaml"
    had = _has_workloads(cluster)
    cluster.run("kubectl", "apply", "--server-side", "-f", str(file))
    end = time.monotonic() + 30
    while not _lists_workloads(cluster):
        assert time.monotonic() < end, f"{WORKLOADS} is not served"
        time.sleep(0.2)
    yield
    if not had:
        _remove_workloads(cluster)


def _lists_workloads(cluster: Cluster) -> bool:
    try:
        cluster.run("kubectl", "get", WORKLOADS, "-A")
    except CommandFailed:
        return False
    return True


def _has_workloads(cluster: Cluster) -> bool:
    try:
        cluster.run("kubectl", "get", "crd", WORKLOADS)
    except CommandFailed:
        return False
    return True


def _remove_workloads(cluster: Cluster) -> None:
    listed = cluster.run("kubectl", "get", WORKLOADS, "-A", "-o", "json")
    for held in json.loads(listed)["items"]:
        meta = held["metadata"]
        cluster.run(
            *("kubectl", "-n", meta["namespace"], "patch", WORKLOADS, meta["name"]),
            *("--type=merge", "-p", '{"metadata": {"finalizers": null}}'),
        )
    cluster.run("kubectl", "delete", "crd", WORKLOADS, "--timeout=60s")


@pytest.fixture
def patient(stage: Stage) -> Stage:
    """An operator that looks for Kueue every second."""
    stage.operator.kill()
    stage.operator.settings["KOMPASS_QUEUE_CHECK_SECONDS"] = "1"
    stage.operator.start()
    return stage


def test_queue_without_kueue_holds_nothing_and_kueue_that_comes_later_is_heard(
    patient: Stage, request: pytest.FixtureRequest, cluster: Cluster
) -> None:
    if _has_workloads(cluster):
        pytest.skip("this cluster has Kueue's CRDs")
    patient.apply(endpoint(), run("early", **QUEUE))
    patient.until(lambda: patient.condition("early", "Admitted")[1] == "NoQueue")
    request.getfixturevalue("kueues_crds")
    queue = Queue(patient)
    plan = queue.job("early", "plan")
    queue.take(plan)
    queue.kueue.hold(plan, WAITS)
    patient.until(lambda: patient.condition("early", "Admitted")[1] == "WaitingForQuota")
    patient.until(lambda: "2 more needed" in patient.condition("early", "Admitted")[2])


def test_queued_run_waits_is_preempted_and_ends_well(patient: Stage, kueues_crds: None) -> None:
    patient.apply(endpoint(), run("queued", **QUEUE))
    queue = Queue(patient)
    plan = queue.job("queued", "plan")
    queue.take(plan)
    queue.kueue.admit(plan)
    patient.end_pod(patient.open_pod("queued", "plan"), 0, plan_message(1))
    shard = queue.job("queued", "shard", 0)
    uid = patient.get("jobs", shard)["metadata"]["uid"]
    queue.take(shard)
    queue.kueue.hold(shard, WAITS)
    patient.until(lambda: patient.condition("queued", "Progressing")[1] == "Queued")
    for _ in range(5):
        queue.kueue.admit(shard)
        patient.open_pod("queued", "shard", 0)
        patient.until(lambda: patient.condition("queued", "Admitted")[0] == "True")
        queue.kueue.preempt(shard)
        patient.until(lambda: patient.condition("queued", "Suspended")[1] == "Evicted")
        assert patient.condition("queued", "Admitted")[1] == "Preempted"
    queue.kueue.admit(shard)
    patient.end_pod(patient.open_pod("queued", "shard", 0))
    assert patient.get("jobs", shard)["metadata"]["uid"] == uid
    summary = queue.job("queued", "summarize")
    queue.take(summary)
    queue.kueue.admit(summary)
    patient.end_pod(patient.open_pod("queued", "summarize"), 0, report_message("61.54"))
    patient.wait_for("queued", "Complete", "True")
    assert patient.get("evalrun", "queued")["status"]["failures"] == []
    managers = json.loads(
        patient.kubectl("get", "jobs", shard, "-o", "json", "--show-managed-fields")
    )["metadata"]["managedFields"]
    ours = [held for held in managers if held["manager"] == "kompass-operator"]
    assert all("f:suspend" not in held["fieldsV1"].get("f:spec", {}) for held in ours)


def test_queue_that_is_not_there_stalls_the_run(patient: Stage, kueues_crds: None) -> None:
    patient.apply(endpoint(), run("lost", **QUEUE))
    queue = Queue(patient)
    plan = queue.job("lost", "plan")
    queue.take(plan)
    queue.kueue.hold(plan, "LocalQueue team doesn't exist", "Inadmissible")
    patient.until(lambda: patient.condition("lost", "Stalled")[:2] == ("True", "QueueNotFound"))
    assert patient.condition("lost", "Finished")[0] == "False"


def test_deactivated_workload_ends_the_run(patient: Stage, kueues_crds: None) -> None:
    patient.apply(endpoint(), run("parked", **QUEUE))
    queue = Queue(patient)
    plan = queue.job("parked", "plan")
    queue.take(plan)
    queue.kueue.admit(plan)
    patient.open_pod("parked", "plan")
    name = workload_name(patient.get("jobs", plan))
    patient.kubectl("patch", WORKLOADS, name, "--type=merge", "-p", '{"spec": {"active": false}}')
    assert patient.wait_for("parked", "Failed", "True") == "WorkloadDeactivated"
    assert name in patient.condition("parked", "Failed")[2]
