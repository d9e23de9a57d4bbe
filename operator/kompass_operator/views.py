"""What the watches know, corrected by what the operator has just done itself.

A watch lags behind: a Job that was created a moment ago is not in it yet, and a status that was
just written still shows the old one. Both are remembered until the watch has caught up, so that
nothing is asked or done twice. All of it is a cache: after a restart the watches fill it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from kompass_api.evalrun import EvalRun
from kompass_operator.observed import JobFacts

CATCH_UP: Final = timedelta(seconds=30)
"""What a watch has not shown by then did not happen."""


class Key(Protocol):
    """An object's place."""

    @property
    def namespace(self) -> str:
        """Its namespace."""

    @property
    def name(self) -> str:
        """Its name there."""

    def __hash__(self) -> int: ...


class RunKey(NamedTuple):
    """An EvalRun's place."""

    namespace: str
    name: str


Json = Mapping[str, Any]


def version_of(body: Json | None) -> int:
    """An object's resource version; they grow, and KEP-5504 lets clients compare them."""
    meta = body["metadata"] if body is not None else {}
    return int(meta.get("resourceVersion") or 0)


def has_condition(body: Json, wanted: str) -> bool:
    """Whether a condition of a watched object is True."""
    held = (body.get("status") or {}).get("conditions") or []
    return any(one["type"] == wanted and one["status"] == "True" for one in held)


@dataclass(frozen=True)
class SeenRun:
    """An EvalRun, and which version of it was seen."""

    key: RunKey
    run: EvalRun
    version: int


class Watches(Protocol):
    """What the watches hold."""

    def run(self, key: RunKey) -> Json | None:
        """The EvalRun, as last seen."""

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        """Every EvalRun."""

    def jobs(self, namespace: str, run_uid: str) -> Iterable[JobFacts]:
        """The Jobs of a run."""

    def known(self) -> set[str]:
        """UIDs of every EvalRun and Job."""

    def endpoints(self, namespace: str) -> Iterable[Json]:
        """The ModelEndpoints of a namespace."""

    def benchmarks(self, namespace: str) -> Iterable[Json]:
        """The Benchmarks of a namespace."""

    def policies(self) -> Iterable[Json]:
        """Every EvalPolicy."""

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace; None where it was not seen yet."""


@dataclass(frozen=True)
class _Own:
    """A Job as the operator left it."""

    run_uid: str
    job: JobFacts
    at: datetime


class JobView:
    """The Jobs of the watches, with what was just created or deleted."""

    def __init__(self, watches: Watches, now: Callable[[], datetime]) -> None:
        self._watches = watches
        self._now = now
        self._own: dict[str, _Own] = {}

    def of(self, namespace: str, run_uid: str) -> dict[str, JobFacts]:
        """The Jobs of a run by name; one that only has its labels is somebody else's."""
        found = {job.uid: job for job in self._watches.jobs(namespace, run_uid)}
        for own in self._recent(run_uid):
            held = found.get(own.job.uid)
            if held is None or held.version <= own.job.version:
                found[own.job.uid] = own.job
        return {job.name: job for job in found.values() if job.owned}

    def created(self, run_uid: str, job: JobFacts) -> None:
        """The operator created a Job."""
        self._own[job.uid] = _Own(run_uid, job, self._now())

    def deleted(self, run_uid: str, job: JobFacts) -> None:
        """The operator deleted a Job."""
        self._own[job.uid] = _Own(run_uid, replace(job, deleting=True), self._now())

    def seen(self, uid: str) -> None:
        """A watch told of this Job: what it shows counts from now on."""
        self._own.pop(uid, None)

    def _recent(self, run_uid: str) -> Iterator[_Own]:
        oldest = self._now() - CATCH_UP
        for uid, own in list(self._own.items()):
            if own.at < oldest:
                del self._own[uid]
            elif own.run_uid == run_uid:
                yield own
