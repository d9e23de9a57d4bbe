"""Follows Kueue's Workloads for as long as Kueue is there; it may come and go while we run.

An own watch and not kopf's: kopf looks only at its start which kinds there are, and would keep
whole Workloads, which hold whole pod templates.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from kompass_operator.cluster import ClusterError, Denied, NotFound, Unavailable
from kompass_operator.queueing.facts import JOB_UID_LABEL
from kompass_operator.queueing.view import Place, WorkloadView

GROUP: Final = "kueue.x-k8s.io"
VERSIONS: Final = ("v1beta2", "v1beta1")
"""The one to read first."""
PAGE: Final = 500
STREAM_SECONDS: Final = 290
PAUSE_SECONDS: Final = 5.0
"""After a failure, before the next try."""

Json = Mapping[str, Any]
logger = logging.getLogger(__name__)


class Expired(Exception):
    """The watch cannot go on from where it was: list anew."""


class Source(Protocol):
    """Reads of an API server by path."""

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """What is at a path."""

    def stream(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        """The events of a watch, until it ends."""


class WorkloadWatch:
    """Keeps a view filled, and tells which runs have news."""

    def __init__(
        self,
        source: Source,
        view: WorkloadView,
        namespaces: Sequence[str],
        wake: Callable[[Place], None],
        *,
        check_seconds: float,
    ) -> None:
        self._source = source
        self._view = view
        self._scopes: Sequence[str | None] = namespaces or (None,)
        self._wake = wake
        self._check_seconds = check_seconds
        self._told = ""

    async def serve(self) -> None:
        """Follow for ever; an installation of Kueue is noticed within the check's seconds."""
        while True:
            pause = await self._attempt()
            await asyncio.sleep(pause)

    async def _attempt(self) -> float:
        """Follow until something stands in the way; returns the seconds until the next try."""
        pause = self._check_seconds
        try:
            version = await self.version()
            if version is not None:
                await self._follow_all(version)
            self._wake_all(self._view.clear())
        except* NotFound:
            # Kueue's kinds are being removed, or are not all there yet.
            self._wake_all(self._view.clear())
        except* Denied as refusals:
            self._tell(f"Kueue's Workloads may not be read: {refusals.exceptions[0]}")
            self._wake_all(self._view.clear())
        except* ClusterError as errors:
            # What was seen last stays: an API server that is away for a moment changes nothing.
            self._tell(f"Kueue's Workloads cannot be read just now: {errors.exceptions[0]}")
            pause = PAUSE_SECONDS
        return pause

    async def version(self) -> str | None:
        """The newest version of Kueue's API that is served and known here; None without Kueue."""
        try:
            group = await self._source.read(f"/apis/{GROUP}")
        except NotFound:
            return None
        served = {held["version"] for held in group.get("versions") or []}
        return next((version for version in VERSIONS if version in served), None)

    async def _follow_all(self, version: str) -> None:
        async with asyncio.TaskGroup() as scopes:
            for namespace in self._scopes:
                scopes.create_task(self._follow(version, namespace))

    async def _follow(self, version: str, namespace: str | None) -> None:
        scope = f"namespaces/{namespace}/" if namespace is not None else ""
        path = f"/apis/{GROUP}/{version}/{scope}workloads"
        while True:
            at = await self._list(path, namespace)
            try:
                while True:
                    at = await self._watch(path, at)
            except Expired:
                continue

    async def _list(self, path: str, namespace: str | None) -> str:
        found: list[Json] = []
        query = {"labelSelector": JOB_UID_LABEL, "limit": str(PAGE)}
        while True:
            page = await self._source.read(path, query)
            found += [_slim(item) for item in page["items"]]
            more = page["metadata"].get("continue")
            if not more:
                break
            query = {**query, "continue": more}
        if not self._view.reachable:
            self._view.reachable = True
            self._told = ""
            logger.info("watching Kueue's Workloads", extra={"path": path})
        self._wake_all(self._view.replace(namespace, found))
        return str(page["metadata"]["resourceVersion"])

    async def _watch(self, path: str, at: str) -> str:
        query = {
            "labelSelector": JOB_UID_LABEL,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": at,
            "timeoutSeconds": str(STREAM_SECONDS),
        }
        async for event in self._source.stream(path, query):
            kind, workload = event["type"], event["object"]
            if kind == "ERROR":
                raise _failure(workload)
            at = str(workload["metadata"]["resourceVersion"])
            if kind == "DELETED":
                self._wake_all(self._view.remove(workload))
            elif kind in {"ADDED", "MODIFIED"}:
                self._wake_all(self._view.put(workload))
        return at

    def _wake_all(self, runs: set[Place]) -> None:
        for run in runs:
            self._wake(run)

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            logger.warning(problem)
            self._told = problem


def _failure(status: Json) -> Exception:
    code = status.get("code")
    if code == 410:  # noqa: PLR2004  (HTTP: gone)
        return Expired()
    return Unavailable(f"the watch of Workloads ended: {status.get('message', code)}")


def _slim(workload: Json) -> Json:
    """The Workload without most of its pod template, so that a long list stays small."""
    sets = (workload.get("spec") or {}).get("podSets") or []
    first = [
        {"template": {"metadata": (held.get("template") or {}).get("metadata") or {}}}
        for held in sets[:1]
    ]
    spec = {"active": (workload.get("spec") or {}).get("active", True), "podSets": first}
    meta = {field: workload["metadata"].get(field) for field in ("name", "namespace", "labels")}
    return {"metadata": meta, "spec": spec, "status": workload.get("status") or {}}
