"""The seam to the API server: the few calls that the operator makes, and how they fail.

ClusterError
    NotFound            there is no such object
    AlreadyExists       another object has the name
    Conflict            the object is not, or no longer, the one that was meant
    QuotaExceeded       a ResourceQuota refuses it: later, perhaps
    NamespaceEnds       the namespace is being deleted: nothing is to be done there
    Denied              the operator lacks a right
    Invalid             the object is not valid
    Unavailable         no answer, or one that says "later"
        WebhookDown     an admission webhook did not answer the API server
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

Manifest = dict[str, Any]
"""A Kubernetes object as JSON has it."""

Kind = Literal["Job", "ConfigMap", "NetworkPolicy", "Event", "EvalRun"]
WatchedKind = Literal["Job", "EvalRun", "EvalSuite"]
Propagation = Literal["Background", "Foreground"]


class ClusterError(Exception):
    """The API server did not do what it was asked."""


class NotFound(ClusterError):
    """There is no such object."""


class AlreadyExists(ClusterError):
    """Another object has the name."""


class Conflict(ClusterError):
    """The object is not, or no longer, the one that was meant."""


class QuotaExceeded(ClusterError):
    """A ResourceQuota refuses it."""


class NamespaceEnds(ClusterError):
    """The namespace is being deleted."""


class Denied(ClusterError):
    """The operator lacks a right."""


class Invalid(ClusterError):
    """The object is not valid; the message says where."""


class Unavailable(ClusterError):
    """No answer, or one that says "later"."""

    def __init__(self, message: str, *, later_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.later_seconds = later_seconds
        """How much later, where the answer says so."""


class WebhookDown(Unavailable):
    """An admission webhook did not answer the API server."""


class Cluster(Protocol):
    """What the operator asks of an API server. Reads beyond these come from watches."""

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The object as it was created."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The object as it is."""

    async def delete_job(
        self, namespace: str, name: str, *, uid: str, propagation: Propagation
    ) -> None:
        """Delete this very Job; that it is gone already is as good."""

    async def delete_jobs(self, namespace: str, selector: str) -> None:
        """Delete the Jobs with these labels, and their pods."""

    async def delete_run(self, namespace: str, name: str, *, uid: str) -> None:
        """Delete this very EvalRun; that it is gone already is as good."""

    async def pods_of(self, namespace: str, job: str) -> list[Manifest]:
        """The pods of a Job."""

    async def pods_with(self, namespace: str, selector: str) -> list[Manifest]:
        """The running pods with these labels."""

    async def refusal_of(self, namespace: str, job_uid: str) -> str:
        """Why the Job controller may not create a pod, by the newest Event; empty if none says."""

    async def uids(self, kind: WatchedKind, namespace: str | None) -> set[str]:
        """UIDs of all EvalRuns, or of all Jobs of runs; of every namespace if none is named."""

    async def apply_status(self, run: Manifest) -> Manifest:
        """The run with its new status; Conflict unless `metadata.resourceVersion` is the newest."""
