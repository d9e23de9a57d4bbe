"""The Workloads of runs as the operator's own watch has shown them: a cache, never the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kompass_operator.queueing.facts import Json, WorkloadFacts, workload_facts


class Place(NamedTuple):
    """Where a Workload is."""

    namespace: str
    name: str


class WorkloadView:
    """Workloads by run; only those of runs, and of those only what matters."""

    def __init__(self) -> None:
        self.reachable = False
        """Kueue is installed, and its Workloads can be read."""
        self._held: dict[Place, WorkloadFacts] = {}
        self._of_runs: dict[str, set[Place]] = {}

    def of(self, run_uid: str) -> Mapping[str, WorkloadFacts]:
        """The Workloads of a run, by the UID of their Jobs."""
        held = (self._held[place] for place in self._of_runs.get(run_uid, ()))
        return {found.job_uid: found for found in held}

    def put(self, workload: Json) -> set[Place]:
        """Take a Workload in; returns the run that it concerns, if it says something new."""
        place = _place_of(workload)
        found = workload_facts(workload)
        if found is None:
            return self._drop(place)
        if self._held.get(place) == found:
            return set()
        self._drop(place)
        self._held[place] = found
        self._of_runs.setdefault(found.run_uid, set()).add(place)
        return {Place(found.namespace, found.run)}

    def remove(self, workload: Json) -> set[Place]:
        """A Workload is gone; returns the run that it concerned."""
        return self._drop(_place_of(workload))

    def replace(self, namespace: str | None, workloads: Iterable[Json]) -> set[Place]:
        """What a namespace (or all) holds now; returns every run that this concerns."""
        concerned: set[Place] = set()
        listed: set[Place] = set()
        for workload in workloads:
            listed.add(_place_of(workload))
            concerned |= self.put(workload)
        gone = [
            place
            for place in self._held
            if place not in listed and namespace in (None, place.namespace)
        ]
        return concerned.union(*(self._drop(place) for place in gone))

    def clear(self) -> set[Place]:
        """Nothing is known any more; returns every run that this concerns."""
        self.reachable = False
        return self.replace(None, ())

    def _drop(self, place: Place) -> set[Place]:
        held = self._held.pop(place, None)
        if held is None:
            return set()
        places = self._of_runs[held.run_uid]
        places.discard(place)
        if not places:
            del self._of_runs[held.run_uid]
        return {Place(held.namespace, held.run)}


def _place_of(workload: Json) -> Place:
    meta = workload["metadata"]
    return Place(meta["namespace"], meta["name"])
