"""`kompass-operator`: reads the settings, logs as JSON lines, runs until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import sys
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime

import aiohttp
import kopf
from pydantic import ValidationError

from kompass_api.resources import GROUP, VERSION
from kompass_operator.cluster_api import ApiCluster, load_configuration
from kompass_operator.discovery import wait_for_kinds
from kompass_operator.dispatcher import Dispatcher, Upkeep
from kompass_operator.freshness import Freshness
from kompass_operator.handlers import KopfWatches, Senses, active_runs, register, register_policies
from kompass_operator.logs import configure_logging
from kompass_operator.metrics import Metrics
from kompass_operator.names import MANAGER, RUN_LABEL
from kompass_operator.pages import metrics_page
from kompass_operator.progress_board import ProgressBoard
from kompass_operator.progress_reader import HttpPages, ProgressReader
from kompass_operator.queueing.watching import WorkloadWatch
from kompass_operator.reconciler import Reconciler
from kompass_operator.settings import Settings
from kompass_operator.standing import Standing
from kompass_operator.suites.process import KopfSuiteWatches, suite_work
from kompass_operator.sweep import check
from kompass_operator.unreadable import complaint
from kompass_operator.views import RunKey
from kompass_operator.workqueue import Agenda, Backoff, WorkQueue

logger = logging.getLogger(__name__)


def main() -> None:
    """Entry point of the console script."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"kompass-operator: settings (KOMPASS_*): {complaint(error)}")
    configure_logging(settings.log_level)
    try:
        asyncio.run(operate(settings))
    except Exception:
        logger.exception("operator failed")
        sys.exit(1)


async def operate(settings: Settings) -> None:
    """Watch and bring runs on, until told to stop or something that should not end has ended."""
    stopped = _stop_on_signals()
    metrics = Metrics(_now)
    cluster = ApiCluster(await load_configuration(), metrics.requested)
    try:
        await wait_for_kinds(lambda: cluster.plurals(GROUP, VERSION))
        async with _page(metrics, settings):
            await _serve(cluster, settings, metrics)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
    finally:
        await cluster.close()
    logger.info("operator stopped")


def _stop_on_signals() -> asyncio.Event:
    """End this task at SIGTERM and SIGINT; kopf takes the signals over once it runs."""
    stopped = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        stopped.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped


def _now() -> datetime:
    return datetime.now(UTC)


def _page(metrics: Metrics, settings: Settings) -> AbstractAsyncContextManager[object]:
    port = settings.metrics_port
    return metrics_page(metrics, port) if port else nullcontext()


async def _serve(cluster: ApiCluster, settings: Settings, metrics: Metrics) -> None:
    watches = KopfWatches()
    agenda: Agenda[RunKey] = Agenda(Backoff(), random.random, lane_of=lambda key: key.namespace)
    queue = WorkQueue(agenda, time.monotonic, metrics)
    senses = Senses(metrics, Freshness(time.monotonic))
    metrics.add(Standing(watches, queue, senses.freshness))
    board = ProgressBoard()
    reconciler = Reconciler(cluster, watches, settings, _now, metrics, board)
    suites = KopfSuiteWatches()
    upkeep = Upkeep(
        active_runs=lambda: active_runs(watches),
        check=lambda: check(
            cluster, lambda: watches.known() | suites.known(), settings.watch_namespaces
        ),
        alarm=reconciler.alarm,
    )
    dispatcher = Dispatcher(
        queue, reconciler.reconcile, settings, upkeep, random.random, meter=metrics
    )
    registry = kopf.OperatorRegistry()
    register(registry, watches, queue, reconciler, dispatcher, senses)
    if settings.policies:
        register_policies(registry, watches, queue)
    suite_dispatcher = suite_work(registry, cluster, watches, suites, settings=settings, now=_now)
    work = asyncio.create_task(dispatcher.serve(), name="dispatcher")
    suite = asyncio.create_task(suite_dispatcher.serve(), name="suites")
    pages = asyncio.create_task(_read_pages(cluster, watches, queue, board), name="pages")
    watch = asyncio.create_task(_watch(registry, settings), name="watches")
    queueing = WorkloadWatch(
        cluster,
        reconciler.workloads,
        settings.watch_namespaces,
        lambda run: queue.add(RunKey(*run)),
        check_seconds=settings.queue_check_seconds,
    )
    kueue = asyncio.create_task(queueing.serve(), name="kueue")
    logger.info("operator started", extra={"namespaces": settings.watch_namespaces or "all"})
    try:
        await asyncio.wait({work, suite, watch, pages, kueue}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (watch, suite, work, pages, kueue):
            if not task.done():
                task.cancel()
        results = await asyncio.gather(work, suite, watch, pages, kueue, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _read_pages(
    cluster: ApiCluster, watches: KopfWatches, queue: WorkQueue[RunKey], board: ProgressBoard
) -> None:
    async with aiohttp.ClientSession() as session:
        pages = HttpPages(session)
        await ProgressReader(cluster, watches, pages, board, wake=queue.add, now=_now).serve()


async def _watch(registry: kopf.OperatorRegistry, settings: Settings) -> None:
    port = settings.liveness_port
    await kopf.operator(
        registry=registry,
        settings=kopf_settings(),
        standalone=True,
        clusterwide=not settings.watch_namespaces,
        namespaces=settings.watch_namespaces,
        liveness_endpoint=f"http://0.0.0.0:{port}/healthz" if port else None,
    )


def kopf_settings() -> kopf.OperatorSettings:
    """How kopf watches; it posts and stores nothing."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.posting.loggers = False
    settings.posting.reporting_component = MANAGER
    settings.scanning.disabled = True
    # Bookmarks come each minute; a watch that is quiet for longer is opened anew, and all are
    # now and then, so that one that is not opened any more is told from one where nothing happens.
    settings.watching.inactivity_timeout = 90
    settings.watching.server_timeout = 120
    settings.watching.client_timeout = 130
    settings.watching.connect_timeout = 10
    settings.watching.reconnect_backoff = 1.0
    settings.watching.label_selectors["batch", "v1", "jobs"] = RUN_LABEL
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    # An API server may be away for some minutes; ending sooner would only add restarts.
    settings.networking.error_backoffs = (1, 1, 2, 3, 5, *(10 for _ in range(60)))
    settings.execution.max_workers = 2
    settings.persistence.finalizer = f"{GROUP}/finalizer"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=GROUP)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=GROUP)
    return settings
