"""How things stand when Prometheus asks: counted at the scrape from what is watched and queued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kompass_api.conditions import Reason
from kompass_operator.freshness import Freshness
from kompass_operator.metrics import bounded
from kompass_operator.status import Phase
from kompass_operator.views import Json, RunKey

SHARD_STATES: Final = ("queued", "running", "succeeded", "failed")
_PHASES: Final = frozenset(phase.value for phase in Phase)
_REASONS: Final = frozenset(reason.value for reason in Reason)


class Held(Protocol):
    """What the watches hold."""

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        """Every EvalRun."""

    def sizes(self) -> Mapping[str, int]:
        """Objects by kind."""

    def orphans(self) -> int:
        """Jobs whose run is not there."""


class Line(Protocol):
    """The queue."""

    def sizes(self) -> Mapping[str, int]:
        """Runs that are ready, running and delayed."""

    def oldest_wait(self) -> float:
        """Seconds that the oldest ready run has waited."""


class Standing(Collector):
    """Gauges that are counted anew for each scrape, so that nothing is ever left over."""

    def __init__(self, held: Held, line: Line, freshness: Freshness) -> None:
        self._held = held
        self._line = line
        self._freshness = freshness

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        bodies = [body for _, body in self._held.runs()]
        yield from _of_runs(bodies)
        yield _labelled(
            "kompass_index_objects", "Objects that the watches hold.", "kind", self._held.sizes()
        )
        yield GaugeMetricFamily(
            "kompass_orphan_jobs", "Jobs whose EvalRun is not there.", self._held.orphans()
        )
        yield _labelled(
            "kompass_workqueue_depth",
            "Runs in the queue: ready, running or delayed.",
            "state",
            self._line.sizes(),
        )
        yield GaugeMetricFamily(
            "kompass_workqueue_oldest_wait_seconds",
            "How long the oldest ready run has waited for a worker.",
            self._line.oldest_wait(),
        )
        yield _labelled(
            "kompass_watch_last_event_age_seconds",
            "How long ago a watch told of an object, or was opened.",
            "resource",
            self._freshness.ages(),
        )


def _of_runs(bodies: list[Json]) -> Iterator[Metric]:
    phases = Counter(_phase(body) for body in bodies)
    yield _labelled(
        "kompass_runs",
        "EvalRuns by state.",
        "state",
        {phase.value: phases[phase.value] for phase in Phase},
    )
    active = [body for body in bodies if not _is(body, "Finished", "True")]
    shards = {
        state: sum(_status(body).get("shards", {}).get(state, 0) for body in active)
        for state in SHARD_STATES
    }
    yield _labelled(
        "kompass_shards", "Shards of the runs that have not finished, by state.", "state", shards
    )
    waiting = Counter(
        bounded(held["reason"], _REASONS)
        for body in active
        for held in _status(body).get("conditions", [])
        if (held["type"], held["status"]) == ("Progressing", "False")
    )
    yield _labelled(
        "kompass_runs_waiting", "Unfinished runs that do not get on, by reason.", "reason", waiting
    )
    stalled = sum(_is(body, "Stalled", "True") for body in active)
    yield GaugeMetricFamily("kompass_runs_stalled", "Unfinished runs that need a person.", stalled)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _phase(body: Json) -> str:
    phase = _status(body).get("phase")
    return phase if phase in _PHASES else Phase.PENDING.value


def _status(body: Json) -> Json:
    status: Json = body.get("status") or {}
    return status


def _is(body: Json, wanted: str, state: str) -> bool:
    conditions = _status(body).get("conditions", [])
    return any((one["type"], one["status"]) == (wanted, state) for one in conditions)
