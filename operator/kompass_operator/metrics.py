"""What Prometheus is told of the operator: counted at the seams, read on the metrics port.

Labels are closed sets (verbs, kinds, states, classes): no run, model, pod or namespace is one.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from kompass_api.conditions import ConditionType, Reason
from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import FailureClass
from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.conditions import held
from kompass_operator.names import Stage
from kompass_operator.observed import Observed
from kompass_operator.status import is_finished

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OTHER: Final = "Other"
"""Label of what is not in a closed set."""
RESULTS: Final = ("success", "refused", "conflict", "error", "bug")

_SHORT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LAGS: Final = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)
_LONG: Final = (30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 259200)
_CLASSES: Final = frozenset(kind.value for kind in FailureClass)
_REASONS: Final = frozenset(reason.value for reason in Reason)


class Metrics:
    """The operator's metrics, in a registry of their own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        # When each series began would be half of the page, and nobody asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self.registry = CollectorRegistry()
        self._count_work()
        self._count_requests()
        self._count_runs()
        Gauge(
            "kompass_build_info",
            "Always 1; the labels say what runs.",
            ("version", "python", "kopf"),
            registry=self.registry,
        ).labels(version("kompass"), platform.python_version(), version("kopf")).set(1)
        ProcessCollector(registry=self.registry)
        self._begin_at_zero()

    def _count_work(self) -> None:
        self._adds = self._counter("kompass_workqueue_adds", "Times a run was put into the queue.")
        self._retries = self._counter("kompass_workqueue_retries", "Passes that came back later.")
        self._waits = self._histogram(
            "kompass_workqueue_queue_duration_seconds",
            "How long a run waited for a worker.",
            _SHORT,
        )
        self._passes = self._counter(
            "kompass_reconcile",
            "Passes over runs; result is success, refused, conflict, error or bug.",
            ("result",),
        )
        self._pass_time = self._histogram(
            "kompass_reconcile_duration_seconds", "How long a pass took.", _SHORT
        )
        self._lag = self._histogram(
            "kompass_event_loop_lag_seconds", "How late the event loop was.", _SHORT
        )

    def _count_requests(self) -> None:
        self._requests = self._counter(
            "kompass_api_requests",
            "Requests to the API server; code is the HTTP status, or error where none came.",
            ("verb", "resource", "code"),
        )
        self._request_time = Histogram(
            "kompass_api_request_duration_seconds",
            "How long the API server took to answer; watches are left out.",
            ("verb",),
            buckets=_SHORT,
            registry=self.registry,
        )
        self._status_writes = self._counter(
            "kompass_status_writes", "Statuses of EvalRuns that were written."
        )

    def _count_runs(self) -> None:
        self._jobs = self._counter("kompass_jobs_created", "Jobs created, by stage.", ("stage",))
        self._first_job = self._histogram(
            "kompass_apply_to_first_job_seconds",
            "From the run's creation (whole seconds) to its first Job; runs that waited for "
            "something they name are left out.",
            _LAGS,
        )
        self._terminal_lag = self._histogram(
            "kompass_terminal_detection_lag_seconds",
            "From the end of a run's last Job (whole seconds) to the status that says so.",
            _LAGS,
        )
        self._ends = self._counter(
            "kompass_runs_finished",
            "Runs that ended, by outcome and reason.",
            ("outcome", "reason"),
        )
        self._duration = Histogram(
            "kompass_run_duration_seconds",
            "From acceptance to the end of a run.",
            ("outcome",),
            buckets=_LONG,
            registry=self.registry,
        )
        self._failures = self._counter(
            "kompass_failed_attempts",
            "Pods and Jobs that did not end well, by stage and class.",
            ("stage", "class"),
        )

    def _begin_at_zero(self) -> None:
        """What alerts watch: `increase` sees no first step of a series that begins at 1."""
        for result in RESULTS:
            self._passes.labels(result)
        for stage in Stage:
            for kind in FailureClass:
                self._failures.labels(stage.value, kind.value)
        self._ends.labels("succeeded", Reason.EVALUATION_SUCCEEDED.value)
        self._ends.labels("failed", Reason.INCOMPLETE_RESULTS.value)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, buckets=buckets, registry=self.registry)

    def add(self, collector: Collector) -> None:
        """Ask this one too, at every scrape."""
        self.registry.register(collector)

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)

    def added(self) -> None:
        """A run was put into the queue."""
        self._adds.inc()

    def taken(self, waited_seconds: float) -> None:
        """A worker took a run."""
        self._waits.observe(waited_seconds)

    def retried(self) -> None:
        """A pass will be tried again."""
        self._retries.inc()

    def passed(self, result: str, seconds: float) -> None:
        """A pass is over."""
        self._passes.labels(result).inc()
        self._pass_time.observe(seconds)

    def loop_was_late(self, seconds: float) -> None:
        """The event loop came back so much later than it was asked to."""
        self._lag.observe(max(0.0, seconds))

    def requested(self, verb: str, resource: str, code: str, seconds: float) -> None:
        """The API server was asked."""
        self._requests.labels(verb, resource, code).inc()
        if verb != "watch":
            self._request_time.labels(verb).observe(seconds)

    def job_created(self, run: EvalRun, stage: Stage) -> None:
        """A Job was created, or found to exist already."""
        self._jobs.labels(stage.value).inc()
        stamp = run.metadata.creation_timestamp
        if run.status is None and stage is Stage.PLAN and stamp is not None:
            self._first_job.observe(self._since(stamp))

    def decided(self, seen: Observed, after: EvalRunStatus) -> None:
        """A pass is carried out: whether it ended the run, and how long after the last Job."""
        if not is_finished(after) or is_finished(seen.status):
            return
        ends = [job.ended for job in seen.jobs.values() if job.ended is not None]
        if ends:
            self._terminal_lag.observe((self._now() - max(ends)).total_seconds())

    def status_written(self, before: EvalRunStatus, after: EvalRunStatus) -> None:
        """A status was written: what is new in it."""
        self._status_writes.inc()
        for failure in new_failures(before, after):
            self._failures.labels(failure.stage, bounded(failure.failure, _CLASSES)).inc()
        succeeded = held(after, ConditionType.SUCCEEDED)
        if not is_finished(after) or is_finished(before) or succeeded is None:
            return
        outcome = "succeeded" if succeeded.status == "True" else "failed"
        self._ends.labels(outcome, bounded(succeeded.reason, _REASONS)).inc()
        if after.start_time is not None and after.completion_time is not None:
            taken = datetime.fromisoformat(after.completion_time) - datetime.fromisoformat(
                after.start_time
            )
            self._duration.labels(outcome).observe(taken.total_seconds())

    def _since(self, stamp: str) -> float:
        return (self._now() - datetime.fromisoformat(stamp)).total_seconds()


def new_failures(before: EvalRunStatus, after: EvalRunStatus) -> list[Failure]:
    """Failures that a status tells of and the one before it does not."""
    told = list(before.failures)
    return [failure for failure in after.failures if failure not in told]


def bounded(label: str, known: frozenset[str]) -> str:
    """The label, if it is one of a closed set."""
    return label if label in known else OTHER
