"""A namespace to try a cluster in, be it real or in memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from clusters import Cluster as KubectlCluster
from kompass_operator.cluster import Cluster, Manifest
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.names import RUN_LABEL, RUN_UID_LABEL, SHARD_LABEL, STAGE_LABEL


def job_manifest(namespace: str, name: str, run_uid: str = "run-1") -> Manifest:
    """A Job that the API server takes."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {
                RUN_LABEL: "demo",
                RUN_UID_LABEL: run_uid,
                STAGE_LABEL: "shard",
                SHARD_LABEL: "0",
            },
        },
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "worker", "image": "kompass.invalid/x"}],
                }
            }
        },
    }


def run_manifest(namespace: str, name: str = "demo") -> Manifest:
    """An EvalRun that the API server takes, and that no operator starts."""
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "models": [{"name": "m"}],
            "benchmarks": [{"name": "ceval-gen"}],
            "execution": {"suspend": True},
        },
    }


async def eventually(claim: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until the claim holds."""
    end = time.monotonic() + seconds
    while not await claim():
        assert time.monotonic() < end, "it did not come to be"
        await asyncio.sleep(0.1)


class Place(Protocol):
    """A cluster and a namespace of it, and what a test has to arrange there."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def namespace(self) -> str: ...

    async def put_run(self, name: str) -> Manifest:
        """Create an EvalRun."""

    async def allow_jobs(self, count: int) -> None:
        """Set a quota."""

    async def have_a_pod(self, job: str) -> None:
        """Make sure that the Job has a pod."""

    async def end_namespace(self) -> None:
        """Begin to delete the namespace."""


@dataclass(frozen=True)
class FakePlace:
    """In memory."""

    cluster: FakeCluster
    namespace: str

    async def put_run(self, name: str) -> Manifest:
        return self.cluster.put(run_manifest(self.namespace, name), fresh=True)

    async def allow_jobs(self, count: int) -> None:
        self.cluster.job_quota = count

    async def have_a_pod(self, job: str) -> None:
        labels = {"batch.kubernetes.io/job-name": job}
        meta = {"name": f"{job}-pod", "namespace": self.namespace, "labels": labels}
        self.cluster.put({"kind": "Pod", "metadata": meta})

    async def end_namespace(self) -> None:
        self.cluster.ending_namespaces.add(self.namespace)


@dataclass(frozen=True)
class RealPlace:
    """A real API server."""

    cluster: Cluster
    namespace: str
    kubectl: KubectlCluster

    async def put_run(self, name: str) -> Manifest:
        self._apply(run_manifest(self.namespace, name))
        shown = self.kubectl.run(
            "kubectl", "-n", self.namespace, "get", "evalrun", name, "-o", "json"
        )
        return dict(json.loads(shown))

    async def allow_jobs(self, count: int) -> None:
        quota: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few-jobs", "namespace": self.namespace},
            "spec": {"hard": {"count/jobs.batch": str(count)}},
        }
        self._apply(quota)

        async def is_known() -> bool:
            shown = self.kubectl.run(
                "kubectl", "-n", self.namespace, "get", "quota", "few-jobs", "-o", "json"
            )
            return "used" in json.loads(shown).get("status", {})

        await eventually(is_known)

    async def have_a_pod(self, job: str) -> None:
        async def has_one() -> bool:
            return bool(await self.cluster.pods_of(self.namespace, job))

        await eventually(has_one)

    async def end_namespace(self) -> None:
        held = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "keeps-it-open",
                "namespace": self.namespace,
                "finalizers": ["kompass.dev/test"],
            },
        }
        self._apply(held)
        self.kubectl.run("kubectl", "delete", "namespace", self.namespace, "--wait=false")

    def let_go(self) -> None:
        """Let the namespace end."""
        patch = json.dumps({"metadata": {"finalizers": None}})
        self.kubectl.run(
            *("kubectl", "-n", self.namespace, "patch", "configmap", "keeps-it-open"),
            *("--type=merge", "-p", patch),
        )

    def _apply(self, manifest: Manifest) -> None:
        self.kubectl.run("kubectl", "apply", "-f", "-", text=yaml.safe_dump(manifest))
