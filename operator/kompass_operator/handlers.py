"""The edge to kopf: events become keys in the queue, objects become entries of indices.

Only `on.event` and `index` are used: kopf then writes nothing to any object, adds no finalizer, and
its handlers cannot fail in a way that matters, for the queue is what tries again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import kopf

from kompass_api.resources import GROUP, VERSION
from kompass_operator.cluster_api import connection_info
from kompass_operator.dispatcher import Dispatcher
from kompass_operator.facts import job_facts
from kompass_operator.freshness import Freshness
from kompass_operator.metrics import Metrics
from kompass_operator.names import RUN_LABEL, RUN_UID_LABEL
from kompass_operator.observed import JobFacts
from kompass_operator.reconciler import Reconciler
from kompass_operator.views import Json, RunKey, has_condition
from kompass_operator.watch_session import heard_session
from kompass_operator.workqueue import WorkQueue

_OUR_JOBS: Final = {RUN_LABEL: kopf.PRESENT, RUN_UID_LABEL: kopf.PRESENT}
_INDICES: Final = ("runs", "jobs", "endpoints", "benchmarks")
_POLICY_INDICES: Final = ("policies", "namespaces")
_KEPT_META: Final = (
    "name",
    "namespace",
    "uid",
    "generation",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
)


class KopfWatches:
    """What kopf's indices hold; empty until `fill` hands them over at the start."""

    def __init__(self) -> None:
        self._indices: dict[str, kopf.Index[Any, Any]] = {}

    def fill(self, indices: Mapping[str, kopf.Index[Any, Any]]) -> None:
        """The indices, which kopf keeps filled from then on."""
        self._indices.update(indices)

    def run(self, key: RunKey) -> Json | None:
        """The EvalRun, as last seen."""
        return next(self._of("runs", key), None)

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        """Every EvalRun."""
        keys = list(self._indices.get("runs", ()))
        return [(key, body) for key in keys for body in self._of("runs", key)]

    def jobs(self, namespace: str, run_uid: str) -> Iterable[JobFacts]:
        """The Jobs of a run."""
        return self._of("jobs", (namespace, run_uid))

    def known(self) -> set[str]:
        """UIDs of every EvalRun and Job."""
        jobs = {job.uid for held in self._all("jobs") for job in held}
        return jobs | {body["metadata"]["uid"] for _, body in self.runs()}

    def sizes(self) -> dict[str, int]:
        """Objects by kind."""
        return {index: sum(len(held) for held in self._all(index)) for index in _INDICES}

    def orphans(self) -> int:
        """Jobs whose run is not there."""
        runs = {body["metadata"]["uid"] for _, body in self.runs()}
        index = self._indices.get("jobs")
        if index is None:
            return 0
        return sum(len(index[key]) for key in index if key[1] not in runs)

    def endpoints(self, namespace: str) -> Iterable[Json]:
        """The ModelEndpoints of a namespace."""
        return self._of("endpoints", namespace)

    def benchmarks(self, namespace: str) -> Iterable[Json]:
        """The Benchmarks of a namespace."""
        return self._of("benchmarks", namespace)

    def policies(self) -> Iterable[Json]:
        """Every EvalPolicy."""
        return [body for held in self._all("policies") for body in held]

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace; None where it was not seen yet."""
        return next(self._of("namespaces", namespace), None)

    def _all(self, index: str) -> list[list[Any]]:
        held = self._indices.get(index)
        return [list(held[key]) for key in held] if held is not None else []

    def _of(self, index: str, key: object) -> Iterator[Any]:
        held = self._indices.get(index)
        return iter(list(held[key]) if held is not None and key in held else [])


class Senses(NamedTuple):
    """What is told of requests and of watches."""

    metrics: Metrics
    freshness: Freshness


def active_runs(watches: KopfWatches) -> list[RunKey]:
    """Runs that have not finished."""
    return [key for key, body in watches.runs() if not has_condition(body, "Finished")]


def register(
    registry: kopf.OperatorRegistry,
    watches: KopfWatches,
    queue: WorkQueue[RunKey],
    reconciler: Reconciler,
    dispatcher: Dispatcher[RunKey],
    senses: Senses,
) -> None:
    """Tie kopf's events to the queue."""
    _register_process(registry, watches, dispatcher, senses)
    _register_indices(registry)
    _register_events(registry, watches, queue, reconciler)
    _register_signs_of_life(registry, senses.freshness)


def _register_process(
    registry: kopf.OperatorRegistry,
    watches: KopfWatches,
    dispatcher: Dispatcher[RunKey],
    senses: Senses,
) -> None:
    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.AiohttpSession:
        return heard_session(await connection_info(), senses.metrics, senses.freshness)

    @kopf.on.startup(registry=registry)
    async def start(**given: Any) -> None:
        held = (*_INDICES, *_POLICY_INDICES)
        watches.fill({name: given[name] for name in held if name in given})

    @kopf.on.probe(registry=registry, id="illness")
    async def probe(**_: object) -> str:
        illness = dispatcher.illness() or senses.freshness.illness()
        if illness is not None:
            raise kopf.PermanentError(illness)
        return "none"


def _register_signs_of_life(registry: kopf.OperatorRegistry, freshness: Freshness) -> None:
    async def heard(resource: kopf.Resource, body: kopf.Body, **_: object) -> None:
        freshness.event(resource.plural, body["metadata"]["namespace"])

    for plural in ("evalruns", "modelendpoints", "benchmarks"):
        kopf.on.event(GROUP, VERSION, plural, id="heard", registry=registry)(heard)
    kopf.on.event("batch", "v1", "jobs", id="heard", labels=_OUR_JOBS, registry=registry)(heard)


def _register_indices(registry: kopf.OperatorRegistry) -> None:
    @kopf.index(GROUP, VERSION, "evalruns", id="runs", registry=registry)
    async def runs(body: kopf.Body, **_: object) -> dict[RunKey, Json]:
        return {_key(body): _slim(body)}

    @kopf.index("batch", "v1", "jobs", id="jobs", labels=_OUR_JOBS, registry=registry)
    async def jobs(body: kopf.Body, **_: object) -> dict[tuple[str, str], JobFacts]:
        meta = body["metadata"]
        return {(meta["namespace"], meta["labels"][RUN_UID_LABEL]): job_facts(body)}

    @kopf.index(GROUP, VERSION, "modelendpoints", id="endpoints", registry=registry)
    async def endpoints(body: kopf.Body, **_: object) -> dict[str, Json]:
        return {body["metadata"]["namespace"]: _slim(body)}

    @kopf.index(GROUP, VERSION, "benchmarks", id="benchmarks", registry=registry)
    async def benchmarks(body: kopf.Body, **_: object) -> dict[str, Json]:
        return {body["metadata"]["namespace"]: _slim(body)}


def _register_events(
    registry: kopf.OperatorRegistry,
    watches: KopfWatches,
    queue: WorkQueue[RunKey],
    reconciler: Reconciler,
) -> None:
    @kopf.on.event(GROUP, VERSION, "evalruns", registry=registry)
    async def run_event(body: kopf.Body, **_: object) -> None:
        queue.add(_key(body))
        if has_condition(body, "Finished"):
            # Runs may wait for it as the baseline of their gates.
            _wake_waiting(body["metadata"]["namespace"])

    @kopf.on.event("batch", "v1", "jobs", labels=_OUR_JOBS, registry=registry)
    async def job_event(body: kopf.Body, **_: object) -> None:
        meta = body["metadata"]
        reconciler.jobs.seen(meta["uid"])
        queue.add(RunKey(meta["namespace"], meta["labels"][RUN_LABEL]))

    @kopf.on.event(GROUP, VERSION, "modelendpoints", registry=registry)
    async def endpoint_event(body: kopf.Body, **_: object) -> None:
        _wake_waiting(body["metadata"]["namespace"])

    @kopf.on.event(GROUP, VERSION, "benchmarks", registry=registry)
    async def benchmark_event(body: kopf.Body, **_: object) -> None:
        _wake_waiting(body["metadata"]["namespace"])

    def _wake_waiting(namespace: str) -> None:
        for key, body in watches.runs():
            if key.namespace == namespace and not has_condition(body, "Accepted"):
                queue.add(key)


def register_policies(
    registry: kopf.OperatorRegistry, watches: KopfWatches, queue: WorkQueue[RunKey]
) -> None:
    """Look at EvalPolicies as well, and at the labels of namespaces by which they select."""

    @kopf.index(GROUP, VERSION, "evalpolicies", id="policies", registry=registry)
    async def policies(body: kopf.Body, **_: object) -> dict[str, Json]:
        return {body["metadata"]["name"]: _slim(body)}

    @kopf.index("", "v1", "namespaces", id="namespaces", registry=registry)
    async def namespaces(body: kopf.Body, **_: object) -> dict[str, Mapping[str, str]]:
        meta = body["metadata"]
        return {meta["name"]: dict(meta.get("labels") or {})}

    @kopf.on.event(GROUP, VERSION, "evalpolicies", registry=registry)
    async def policy_event(**_: object) -> None:
        for key in active_runs(watches):
            queue.add(key)

    @kopf.on.event("", "v1", "namespaces", registry=registry)
    async def namespace_event(body: kopf.Body, **_: object) -> None:
        for key in active_runs(watches):
            if key.namespace == body["metadata"]["name"]:
                queue.add(key)


def _key(body: Json) -> RunKey:
    return RunKey(body["metadata"]["namespace"], body["metadata"]["name"])


def _slim(body: Json) -> Json:
    """The object without what nobody reads, such as managedFields."""
    meta = body["metadata"]
    kept = {field: meta[field] for field in _KEPT_META if field in meta}
    parts = {field: body[field] for field in ("spec", "status") if field in body}
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": kept,
        **{field: dict(value) for field, value in parts.items()},
    }
