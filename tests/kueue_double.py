"""Plays Kueue's part for Jobs, write by write as Kueue v0.19.2 was seen to do it.

What it does is compared with recorded lives of real Jobs in shared/data/kueue/traces
(tests/contract/operator/test_kueue_traces.py). A shelf is where the objects are: a cluster in
memory or a real API server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

Object = dict[str, Any]

KUEUE = "kueue.x-k8s.io"
STOPPING = f"{KUEUE}/stopping"
OWN_TEMPLATE_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name")
FLAVOR_LABELS = {"gpu-type": "h100"}
CLUSTER_QUEUE = "cq"


class Shelf(Protocol):
    """Jobs and Workloads of one namespace; patches are merge patches."""

    def get(self, kind: str, name: str) -> Object:
        """An object."""

    def create(self, manifest: Object) -> None:
        """A new object."""

    def patch(self, kind: str, name: str, patch: Object) -> None:
        """Change an object."""

    def patch_status(self, kind: str, name: str, patch: Object) -> None:
        """Change an object's status."""

    def await_stop(self, job: str) -> None:
        """Return once the Job has no active pod."""


def now() -> str:
    """The time as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def workload_name(job: Object) -> str:
    """The name that Kueue gives to a Job's Workload."""
    meta = job["metadata"]
    text = f"Job\nbatch\n{meta['name']}\n{meta['uid']}"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:5]
    return f"job-{meta['name']}"[:247] + f"-{digest}"


@dataclass(frozen=True)
class KueueDouble:
    """Kueue for one namespace; every method is something that Kueue does."""

    shelf: Shelf
    time: Callable[[], str] = now
    version: str = "v1beta2"

    def webhook(self, job: str) -> None:
        """What the mutating webhook does to a new Job that is labelled for a queue.

        It comes too late here: a Job that has started is stopped as an eviction would.
        """
        if self.shelf.get("Job", job)["spec"].get("suspend"):
            return
        self.shelf.patch("Job", job, {"spec": {"suspend": True}})
        self.shelf.await_stop(job)
        self.shelf.patch_status("Job", job, {"startTime": None})

    def take(self, job: str) -> None:
        """C: make the Workload of a Job."""
        held = self.shelf.get("Job", job)
        meta, spec = held["metadata"], held["spec"]
        owner = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        pods = min(spec.get("parallelism", 1), spec.get("completions", 1))
        self.shelf.create(
            {
                "apiVersion": f"{KUEUE}/{self.version}",
                "kind": "Workload",
                "metadata": {
                    "name": workload_name(held),
                    "namespace": meta["namespace"],
                    "labels": {f"{KUEUE}/job-uid": meta["uid"]},
                    "finalizers": [f"{KUEUE}/resource-in-use"],
                    "ownerReferences": [owner],
                },
                "spec": {
                    "active": True,
                    "queueName": meta["labels"][f"{KUEUE}/queue-name"],
                    "priority": 0,
                    "podSets": [
                        {"name": "main", "count": pods, "template": _template(spec["template"])}
                    ],
                },
            }
        )

    def hold(self, job: str, message: str, reason: str = "Pending") -> None:
        """Q: there is no quota for it."""
        self._say(job, ("QuotaReserved", False, reason, message))

    def admit(self, job: str) -> None:
        """A and S: reserve quota, admit, start."""
        quota = f"Quota reserved in ClusterQueue {CLUSTER_QUEUE}"
        before = self._conditions(job)
        earlier = [
            (kind, False, "QuotaReserved", f"Previously: {before[kind]['message']}")
            for kind in ("Evicted", "Preempted")
            if before.get(kind, {}).get("status") == "True"
        ]
        pods = self._workload(job)["spec"]["podSets"][0]["count"]
        self._say(
            job,
            ("QuotaReserved", True, "QuotaReserved", quota),
            *earlier,
            ("Admitted", True, "Admitted", "The workload is admitted"),
            admission={
                "clusterQueue": CLUSTER_QUEUE,
                "podSetAssignments": [{"name": "main", "count": pods}],
            },
        )
        template = {
            "metadata": {
                "annotations": {f"{KUEUE}/workload": self._name(job)},
                "labels": {f"{KUEUE}/podset": "main"},
            },
            "spec": {"nodeSelector": FLAVOR_LABELS},
        }
        self.shelf.patch("Job", job, {"spec": {"suspend": False, "template": template}})

    def evict(
        self, job: str, reason: str, message: str, *, preempted: str = "", requeued: bool = True
    ) -> None:
        """E: five writes, in the order that the API server forces."""
        words = [("Evicted", True, reason, message)]
        if preempted:
            words.append(("Preempted", True, preempted, message))
        self._say(job, *words)
        stopping = {"metadata": {"annotations": {STOPPING: "true"}}, "spec": {"suspend": True}}
        self.shelf.patch("Job", job, stopping)
        self.shelf.patch_status("Job", job, {"startTime": None})
        self.shelf.patch("Job", job, _restored(self.shelf.get("Job", job)))
        self.shelf.await_stop(job)
        self._say(
            job,
            ("QuotaReserved", False, "Pending", message),
            ("Admitted", False, "NoReservation", "The workload has no reservation"),
            ("Requeued", requeued, reason, message),
            admission=None,
        )

    def preempt(self, job: str) -> None:
        """More urgent work takes the quota."""
        self.evict(
            job,
            "Preempted",
            "Preempted to accommodate a workload (UID: 1, JobUID: 2) due to prioritization in the "
            "ClusterQueue",
            preempted="InClusterQueue",
        )

    def time_out(self, job: str) -> None:
        """The pods were not ready in time: it waits, then it queues again."""
        message = f"Exceeded the PodsReady timeout team/{self._name(job)}"
        self.evict(job, "PodsReadyTimeout", message, requeued=False)

    def back_off(self, job: str) -> None:
        """It has waited long enough after a timeout."""
        self._say(job, ("Requeued", True, "BackoffFinished", "The workload backoff was finished"))

    def deactivate(self, job: str, cause: str = "", why: str = "") -> None:
        """A person gives it up, or Kueue itself for a cause."""
        self.shelf.patch("Workload", self._name(job), {"spec": {"active": False}})
        reason = f"DeactivatedDueTo{cause}" if cause else "Deactivated"
        message = "The workload is deactivated" + (f" due to {why}" if why else "")
        self.evict(job, reason, message, requeued=False)

    def reactivate(self, job: str) -> None:
        """A person wants it tried again."""
        self.shelf.patch("Workload", self._name(job), {"spec": {"active": True}})
        self._say(job, ("Requeued", True, "Reactivated", "The workload was reactivated"))

    def finish(self, job: str) -> None:
        """F: the Job has ended."""
        said = self.shelf.get("Job", job)["status"]["conditions"][-1]
        reason = "Succeeded" if said["type"] == "Complete" else "Failed"
        self._say(job, ("Finished", True, reason, said.get("message", "")))
        self.shelf.patch("Workload", self._name(job), {"metadata": {"finalizers": None}})

    def _name(self, job: str) -> str:
        return workload_name(self.shelf.get("Job", job))

    def _workload(self, job: str) -> Object:
        return self.shelf.get("Workload", self._name(job))

    def _conditions(self, job: str) -> dict[str, Object]:
        held = self._workload(job).get("status", {}).get("conditions", [])
        return {condition["type"]: condition for condition in held}

    def _say(self, job: str, *words: tuple[str, bool, str, str], **status: object) -> None:
        """Set conditions and other parts of the Workload's status in one write."""
        workload = self._workload(job)
        conditions = {
            held["type"]: held for held in workload.get("status", {}).get("conditions", [])
        }
        for kind, holds, reason, message in words:
            conditions[kind] = {
                "type": kind,
                "status": str(holds),
                "reason": reason,
                "message": message,
                "lastTransitionTime": self.time(),
                "observedGeneration": workload["metadata"].get("generation", 1),
            }
        patch = {**status, "conditions": list(conditions.values())}
        self.shelf.patch_status("Workload", self._name(job), patch)


def _template(template: Object) -> Object:
    meta = template.get("metadata", {})
    labels = {
        key: value
        for key, value in meta.get("labels", {}).items()
        if key not in OWN_TEMPLATE_LABELS
    }
    return {"metadata": {**meta, "labels": labels}, "spec": template["spec"]}


def _restored(job: Object) -> Object:
    """The patch that gives a Job its own template back."""
    template = job["spec"]["template"]
    meta = template.get("metadata", {})
    ours = {key: None for key in meta.get("annotations", {}) if key.startswith(KUEUE)}
    labels = {key: None for key in meta.get("labels", {}) if key.startswith(KUEUE)}
    return {
        "metadata": {"annotations": {STOPPING: None}},
        "spec": {
            "template": {
                "metadata": {"annotations": ours, "labels": labels},
                "spec": {"nodeSelector": dict.fromkeys(FLAVOR_LABELS)},
            }
        },
    }
