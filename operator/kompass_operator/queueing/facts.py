"""Workloads of Kueue as JSON, read into small facts. Pure.

Both served versions (v1beta1, v1beta2) have every field that is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kompass_operator.names import RUN_LABEL, RUN_UID_LABEL

QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL: Final = "kueue.x-k8s.io/priority-class"
MIN_PARALLELISM: Final = "kueue.x-k8s.io/job-min-parallelism"
JOB_UID_LABEL: Final = "kueue.x-k8s.io/job-uid"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Word:
    """What a condition says."""

    is_true: bool
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class WorkloadFacts:
    """What matters of a Workload: the queue's word on one Job."""

    name: str
    namespace: str
    job_uid: str
    run: str
    run_uid: str
    active: bool = True
    """False: parked, until somebody sets `spec.active` again."""
    finished: bool = False
    reserved: Word | None = None
    admitted: Word | None = None
    evicted: Word | None = None


def workload_facts(workload: Json) -> WorkloadFacts | None:
    """What matters of a Workload; None if it is not that of one of our Jobs."""
    meta, spec = workload["metadata"], workload.get("spec") or {}
    job_uid = (meta.get("labels") or {}).get(JOB_UID_LABEL)
    labels = _pod_labels(spec)
    if job_uid is None or RUN_UID_LABEL not in labels or RUN_LABEL not in labels:
        return None
    words = _words(workload.get("status") or {})
    finished = words.get("Finished")
    return WorkloadFacts(
        name=meta["name"],
        namespace=meta["namespace"],
        job_uid=job_uid,
        run=labels[RUN_LABEL],
        run_uid=labels[RUN_UID_LABEL],
        active=spec.get("active", True),
        finished=finished is not None and finished.is_true,
        reserved=words.get("QuotaReserved"),
        admitted=words.get("Admitted"),
        evicted=words.get("Evicted"),
    )


def _pod_labels(spec: Json) -> Mapping[str, str]:
    """Labels of the Job's pods, which Kueue copies into the Workload."""
    sets = spec.get("podSets") or [{}]
    template = sets[0].get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


def _words(status: Json) -> dict[str, Word]:
    return {
        held["type"]: Word(
            held["status"] == "True", held.get("reason", ""), held.get("message", "")
        )
        for held in status.get("conditions") or []
    }
