"""Kueue's double in the world in memory: Jobs are named by their place, as `s0` or `plan`."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from kueue_double import KueueDouble, Object
from unit.operator.world import NAMESPACE, World


@dataclass
class WorldShelf:
    """Objects of the cluster in memory, and the operator's view of Workloads."""

    world: World
    written: list[tuple[str, Object]] = field(default_factory=list)
    """Kind and object after each write."""

    def get(self, kind: str, name: str) -> Object:
        return copy.deepcopy(self.world.cluster.objects[kind, NAMESPACE, name])

    def create(self, manifest: Object) -> None:
        self.world.cluster.put(manifest, fresh=True)
        self._tell(manifest["kind"], manifest["metadata"]["name"])

    def patch(self, kind: str, name: str, patch: Object) -> None:
        held = merged(self.get(kind, name), patch)
        parts = {key: held[key] for key in ("spec", "metadata")}
        self.world.cluster.change(kind, NAMESPACE, name, **parts)
        self._tell(kind, name)

    def patch_status(self, kind: str, name: str, patch: Object) -> None:
        status = merged(self.get(kind, name).get("status", {}), patch)
        self.world.cluster.change(kind, NAMESPACE, name, status=status)
        self._tell(kind, name)

    def await_stop(self, job: str) -> None:
        self.patch_status("Job", job, {"active": 0, "ready": 0})

    def _tell(self, kind: str, name: str) -> None:
        held = self.get(kind, name)
        self.written.append((kind, held))
        if kind == "Workload":
            self.world.workloads.put(held)


def merged(held: Any, patch: Any) -> Any:
    """A merge patch (RFC 7396) applied."""
    if not isinstance(patch, dict):
        return patch
    result = dict(held) if isinstance(held, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


@dataclass
class Queue:
    """Kueue beside a world's operator."""

    world: World

    def __post_init__(self) -> None:
        self.world.workloads.reachable = True
        self.shelf = WorldShelf(self.world)
        self.kueue = KueueDouble(self.shelf, lambda: self.world.time.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def name(self, place: str) -> str:
        """A Job's whole name."""
        return str(self.world.job(place)["metadata"]["name"])

    def take(self, *places: str) -> None:
        """The webhook sees new Jobs, and Kueue makes their Workloads."""
        for place in places:
            self.kueue.webhook(self.name(place))
            self.kueue.take(self.name(place))

    def admit(self, *places: str) -> None:
        """Jobs may run; their pods are up."""
        for place in places:
            self.kueue.admit(self.name(place))
            self.world.run_pod(place)

    def collect(self) -> None:
        """Workloads of Jobs that are gone go too."""
        left = [
            copy.deepcopy(held)
            for (kind, *_), held in self.world.cluster.objects.items()
            if kind == "Workload"
        ]
        self.world.workloads.replace(None, left)
