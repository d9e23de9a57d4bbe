"""What the operator counts, that the labels are closed sets, and that the page can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from unit.operator.world import (
    KEY,
    World,
    applied,
    endpoint_manifest,
    failure_message,
    plan_message,
    report_message,
    run_manifest,
)

from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.freshness import SILENT_SECONDS, Freshness
from kompass_operator.metrics import CONTENT_TYPE, Metrics
from kompass_operator.pages import metrics_page
from kompass_operator.requests import RequestKind, kind_of
from kompass_operator.standing import Standing
from kompass_operator.views import RunKey
from kompass_operator.workqueue import Agenda, Backoff, WorkQueue

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(metrics: Metrics) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    # `class` is a word of Python.
    named = frozenset((key.rstrip("_"), label) for key, label in labels.items())
    return samples(metrics).get((name, named), 0.0)


def metrics_of(world: World) -> Metrics:
    return world.operator._metrics


def queue_of(metrics: Metrics, clock: Callable[[], float]) -> WorkQueue[RunKey]:
    agenda: Agenda[RunKey] = Agenda(Backoff(), lambda: 0.0)
    return WorkQueue(agenda, clock, metrics)


async def finished_run() -> World:
    world = applied(execution={"parallelism": 2})
    await world.settle()
    world.wait(30)
    world.complete("plan", plan_message(2))
    await world.settle()
    world.retry("s0", 70, failure_message("Internal", "a bug"))
    await world.settle()
    world.complete("s0")
    world.complete("s1")
    await world.settle()
    world.complete("summarize", report_message())
    world.wait(2)
    await world.settle()
    return world


async def test_life_of_a_run_is_counted() -> None:
    metrics = metrics_of(await finished_run())
    assert value(metrics, "kompass_jobs_created_total", stage="shard") == 2
    assert value(metrics, "kompass_apply_to_first_job_seconds_count") == 1
    assert value(metrics, "kompass_terminal_detection_lag_seconds_sum") == 2
    assert value(metrics, "kompass_failed_attempts_total", stage="shard", class_="Internal") == 1
    ended = {"outcome": "succeeded", "reason": "EvaluationSucceeded"}
    assert value(metrics, "kompass_runs_finished_total", **ended) == 1
    assert value(metrics, "kompass_run_duration_seconds_count", outcome="succeeded") == 1
    assert value(metrics, "kompass_status_writes_total") > 3


async def test_end_is_counted_once() -> None:
    world = await finished_run()
    world.wait(600)
    await world.settle()
    assert value(metrics_of(world), "kompass_terminal_detection_lag_seconds_count") == 1


async def test_run_that_waited_for_a_reference_is_no_measure_of_the_operator() -> None:
    world = World()
    world.apply(run_manifest())
    await world.settle()
    world.wait(60)
    world.apply(endpoint_manifest())
    await world.settle()
    assert world.jobs() == ["plan"]
    assert value(metrics_of(world), "kompass_apply_to_first_job_seconds_count") == 0


async def test_no_name_of_a_user_is_in_the_page() -> None:
    world = await finished_run()
    metrics = metrics_of(world)
    queue = queue_of(metrics, lambda: 0.0)
    queue.add(KEY)
    metrics.add(Standing(HeldByWorld(world), queue, Freshness(lambda: 0.0)))
    page = metrics.page().decode()
    for name in (KEY.name, KEY.namespace, "ceval-gen", "s3://", "uid-"):
        assert f'"{name}' not in page


def test_class_that_is_not_known_is_other() -> None:
    metrics = Metrics(lambda: datetime.fromisoformat("2026-01-01T00:00:00Z"))
    failure = Failure(stage="shard", failure="MadeUp", time="2026-01-01T00:00:00Z")
    metrics.status_written(EvalRunStatus(), EvalRunStatus(failures=[failure]))
    assert value(metrics, "kompass_failed_attempts_total", stage="shard", class_="Other") == 1


class HeldByWorld:
    """What a world's watches hold, counted."""

    def __init__(self, world: World) -> None:
        self.runs = world.cluster.runs

    def sizes(self) -> Mapping[str, int]:
        return {"runs": 1}

    def orphans(self) -> int:
        return 3


async def test_standing_is_counted_at_the_scrape() -> None:
    world = applied()
    await world.planned(shards=3)
    metrics = metrics_of(world)
    clock = iter([float(moment) for moment in range(1000)])
    freshness = Freshness(lambda: next(clock))
    freshness.tried("jobs", None)
    queue = queue_of(metrics, lambda: 0.0)
    queue.add(KEY)
    metrics.add(Standing(HeldByWorld(world), queue, freshness))
    assert value(metrics, "kompass_runs", state="Running") == 1
    assert value(metrics, "kompass_shards", state="running") == 3
    assert value(metrics, "kompass_workqueue_depth", state="ready") == 1
    assert value(metrics, "kompass_workqueue_adds_total") == 1
    assert value(metrics, "kompass_orphan_jobs") == 3
    assert value(metrics, "kompass_watch_last_event_age_seconds", resource="jobs") > 0
    world.patch_execution(suspend=True)
    await world.settle()
    assert value(metrics, "kompass_runs", state="Running") == 0
    assert value(metrics, "kompass_runs_waiting", reason="UserSuspended") == 1


async def test_queue_and_passes_are_measured() -> None:
    times = iter([0.0, 4.0, 4.0, 4.0, 4.0])
    metrics = Metrics(lambda: datetime.fromisoformat("2026-01-01T00:00:00Z"))
    queue = queue_of(metrics, lambda: next(times))
    queue.add(KEY)
    await queue.take()
    queue.retry(KEY)
    metrics.passed("error", 0.25)
    assert value(metrics, "kompass_workqueue_queue_duration_seconds_sum") == 4
    assert value(metrics, "kompass_workqueue_retries_total") == 1
    assert value(metrics, "kompass_reconcile_total", result="error") == 1


async def test_page_is_served() -> None:
    metrics = Metrics(lambda: datetime.fromisoformat("2026-01-01T00:00:00Z"))
    async with (
        metrics_page(metrics, 0, "127.0.0.1") as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert "kompass_build_info{" in await answer.text()


@pytest.mark.parametrize(
    ("method", "path", "watch", "expected"),
    [
        pytest.param(
            "POST",
            "/apis/batch/v1/namespaces/team/jobs",
            False,
            RequestKind("create", "jobs", "team"),
            id="create",
        ),
        pytest.param(
            "GET",
            "/api/v1/namespaces/team/configmaps/demo?x=y",
            False,
            RequestKind("get", "configmaps", "team"),
            id="get",
        ),
        pytest.param(
            "PATCH",
            "/apis/kompass.dev/v1alpha1/namespaces/team/evalruns/demo/status",
            False,
            RequestKind("patch", "evalruns/status", "team"),
            id="subresource",
        ),
        pytest.param(
            "DELETE",
            "/apis/batch/v1/namespaces/team/jobs",
            False,
            RequestKind("deletecollection", "jobs", "team"),
            id="collection",
        ),
        pytest.param(
            "GET",
            "/apis/batch/v1/jobs",
            True,
            RequestKind("watch", "jobs", None),
            id="watch-of-the-cluster",
        ),
        pytest.param(
            "GET",
            "/api/v1/namespaces/team",
            False,
            RequestKind("get", "namespaces", None),
            id="namespace-itself",
        ),
        pytest.param(
            "GET",
            "/apis/kompass.dev/v1alpha1",
            False,
            RequestKind("get", "discovery", None),
            id="discovery",
        ),
    ],
)
def test_requests_are_named_as_an_audit_log_does(
    method: str, path: str, watch: bool, expected: RequestKind
) -> None:
    assert kind_of(method, path, watch=watch) == expected


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_watch_that_is_not_tried_any_more_is_an_illness() -> None:
    clock = Clock()
    freshness = Freshness(clock)
    freshness.tried("jobs", "team")
    freshness.answered("jobs", "team")
    clock.now = SILENT_SECONDS
    assert freshness.illness() is None
    clock.now += 1
    assert re.search("nothing was heard of the jobs for 181 s", freshness.illness() or "")
    freshness.event("jobs", "team")
    assert freshness.illness() is None


def test_watch_of_a_server_that_is_away_ages_and_is_no_illness() -> None:
    clock = Clock()
    freshness = Freshness(clock)
    freshness.tried("jobs", None)
    freshness.tried("evalruns", None)
    for _ in range(10):
        clock.now += 60
        freshness.tried("jobs", None)
        freshness.event("evalruns", "team")
    assert freshness.ages() == {"jobs": 600, "evalruns": 0}
    assert freshness.illness() is None
