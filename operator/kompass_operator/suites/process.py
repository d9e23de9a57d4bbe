"""The edge to kopf for suites: their own indices, their own queue, their own workers."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import kopf

from kompass_api.resources import GROUP, VERSION
from kompass_operator.cluster import Cluster
from kompass_operator.dispatcher import Dispatcher, Upkeep
from kompass_operator.settings import Settings
from kompass_operator.suites.facts import RunFacts, owner_of, run_facts
from kompass_operator.suites.reconciler import SuiteReconciler
from kompass_operator.suites.views import SuiteKey
from kompass_operator.views import Json, Watches
from kompass_operator.workqueue import Agenda, Backoff, WorkQueue

logger = logging.getLogger(__name__)


class KopfSuiteWatches:
    """What kopf's indices hold of suites; empty until kopf hands them over at the start."""

    def __init__(self) -> None:
        self._suites: kopf.Index[SuiteKey, Json] | None = None
        self._runs: kopf.Index[str, RunFacts] | None = None

    def fill(self, suites: kopf.Index[SuiteKey, Json], runs: kopf.Index[str, RunFacts]) -> None:
        """The indices, which kopf keeps filled from then on."""
        self._suites, self._runs = suites, runs

    def suite(self, key: SuiteKey) -> Json | None:
        """The EvalSuite, as last seen."""
        held = self._suites
        return next(iter(held[key]), None) if held is not None and key in held else None

    def suites(self) -> Iterable[SuiteKey]:
        """Every EvalSuite."""
        return list(self._suites) if self._suites is not None else []

    def runs_of(self, suite_uid: str) -> Iterable[RunFacts]:
        """The EvalRuns that a suite owns."""
        held = self._runs
        return list(held[suite_uid]) if held is not None and suite_uid in held else []

    def known(self) -> set[str]:
        """UIDs of every EvalSuite."""
        bodies = (self.suite(key) for key in self.suites())
        return {body["metadata"]["uid"] for body in bodies if body is not None}


def suite_work(
    registry: kopf.OperatorRegistry,
    cluster: Cluster,
    watches: Watches,
    suites: KopfSuiteWatches,
    *,
    settings: Settings,
    now: Callable[[], datetime],
) -> Dispatcher[SuiteKey]:
    """Tie kopf's events to a queue of suites, and say who works it."""
    queue: WorkQueue[SuiteKey] = WorkQueue(Agenda(Backoff(), random.random), time.monotonic)
    reconciler = SuiteReconciler(cluster, watches, suites, now)
    _register_indices(registry, suites)
    _register_events(registry, suites, queue)
    upkeep = Upkeep(active_runs=suites.suites, check=_nothing, alarm=_logged)
    return Dispatcher(queue, reconciler.reconcile, settings, upkeep, random.random)


async def _logged(key: SuiteKey, error: Exception) -> None:
    logger.error(
        "the suite does not get on: %s",
        error,
        extra={"suite": key.name, "namespace": key.namespace},
    )


async def _nothing() -> None:
    """The check for missed deletions looks at suites too; one is enough."""


def _register_indices(registry: kopf.OperatorRegistry, suites: KopfSuiteWatches) -> None:
    @kopf.on.startup(id="suites", registry=registry)
    async def start(**given: Any) -> None:
        suites.fill(given["suites"], given["suite_runs"])

    @kopf.index(GROUP, VERSION, "evalsuites", id="suites", registry=registry)
    async def held(body: kopf.Body, **_: object) -> dict[SuiteKey, Json]:
        meta = {name: one for name, one in body["metadata"].items() if name != "managedFields"}
        return {_key(body): {**body, "metadata": meta}}

    @kopf.index(GROUP, VERSION, "evalruns", id="suite_runs", registry=registry)
    async def runs(body: kopf.Body, **_: object) -> dict[str, RunFacts]:
        owner = owner_of(body)
        return {owner: run_facts(body)} if owner is not None else {}


def _register_events(
    registry: kopf.OperatorRegistry, suites: KopfSuiteWatches, queue: WorkQueue[SuiteKey]
) -> None:
    @kopf.on.event(GROUP, VERSION, "evalsuites", id="suites", registry=registry)
    async def suite_event(body: kopf.Body, **_: object) -> None:
        queue.add(_key(body))

    @kopf.on.event(GROUP, VERSION, "evalruns", id="suite-runs", registry=registry)
    async def run_event(body: kopf.Body, **_: object) -> None:
        for reference in body["metadata"].get("ownerReferences") or []:
            if reference.get("kind") == "EvalSuite":
                queue.add(SuiteKey(body["metadata"]["namespace"], reference["name"]))

    async def named_event(body: kopf.Body, **_: object) -> None:
        """A suite's runs are named after what it names as well."""
        for key in suites.suites():
            if key.namespace == body["metadata"]["namespace"]:
                queue.add(key)

    for plural in ("modelendpoints", "benchmarks"):
        kopf.on.event(GROUP, VERSION, plural, id="suites", registry=registry)(named_event)


def _key(body: Json) -> SuiteKey:
    return SuiteKey(body["metadata"]["namespace"], body["metadata"]["name"])
