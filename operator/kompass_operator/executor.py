"""Carries out what was decided; every action may be done twice.

Names are deterministic, so creating what exists is answered by 409, which means "done" when the
owner is this run. Jobs are created in growing batches, and the first refusal stops the batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from kompass_api.evalrun import EvalRun
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_operator.actions import (
    Action,
    CreateDocument,
    CreateJob,
    CreateNotice,
    DeleteJob,
    DeleteJobs,
)
from kompass_operator.cluster import (
    AlreadyExists,
    Cluster,
    ClusterError,
    Invalid,
    Kind,
    Manifest,
    NotFound,
    QuotaExceeded,
    WebhookDown,
)
from kompass_operator.facts import job_facts
from kompass_operator.manifests import config_map, job, network_policy
from kompass_operator.manifests.notices import notice_job
from kompass_operator.manifests.owners import owner_uid
from kompass_operator.metrics import Metrics
from kompass_operator.names import selector
from kompass_operator.observed import Refusals
from kompass_operator.settings import Settings
from kompass_operator.views import JobView

CREATES_AT_A_TIME: Final = 20
SOON_SECONDS: Final = 1.0
"""When to try again to create what still has a dying predecessor of the same name."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What came of the actions."""

    refusals: Refusals = field(default_factory=Refusals)
    document: RunDocument | None = None
    again_seconds: float | None = None


class _Foreign(Exception):
    """The name is taken by something of another owner."""


class _Dying(Exception):
    """The name is still taken by a predecessor that is being deleted."""


class Executor:
    """Does what a decision asks for."""

    def __init__(
        self, cluster: Cluster, jobs: JobView, settings: Settings, metrics: Metrics
    ) -> None:
        self._cluster = cluster
        self._jobs = jobs
        self._settings = settings
        self._metrics = metrics
        self._creating = asyncio.Semaphore(CREATES_AT_A_TIME)

    async def perform(
        self, run: EvalRun, actions: Sequence[Action], document: RunDocument | None
    ) -> Report:
        """Do all actions; refusals are reported, other errors raised."""
        report = Report(document=document)
        for action in actions:
            if isinstance(action, CreateDocument):
                report = await self._freeze(run, action.document)
                if report.document is None:
                    return report
            elif isinstance(action, CreateNotice):
                await self._notify(run, action)
            elif isinstance(action, DeleteJob):
                await self._delete(run, action)
            elif isinstance(action, DeleteJobs):
                await self._clear(run, action)
        creations = [action for action in actions if isinstance(action, CreateJob)]
        return await self._start(run, creations, report)

    async def _freeze(self, run: EvalRun, document: RunDocument) -> Report:
        try:
            if self._settings.network_policies:
                # Before any pod: the document is what says that the run was accepted.
                await self._create_once("NetworkPolicy", network_policy(run, self._settings), run)
            held = await self._create_once("ConfigMap", config_map(run, document), run)
        except _Foreign as error:
            return Report(Refusals(collision=str(error)))
        except Invalid as error:
            return Report(Refusals(invalid=str(error)))
        except QuotaExceeded as error:
            return Report(Refusals(quota=str(error)))
        except WebhookDown as error:
            return Report(Refusals(webhook=str(error)))
        except _Dying:
            return Report(again_seconds=SOON_SECONDS)
        return Report(document=RunDocument.model_validate_json(held["data"][RUN_DOCUMENT_KEY]))

    async def _start(self, run: EvalRun, creations: Sequence[CreateJob], report: Report) -> Report:
        if not creations or report.document is None:
            return report
        for batch in slow_start(creations):
            results = await asyncio.gather(
                *(self._create_job(run, wanted, report.document) for wanted in batch),
                return_exceptions=True,
            )
            report = _with_results(report, results)
            if report.refusals != Refusals():
                return report
        return report

    async def _create_job(self, run: EvalRun, wanted: CreateJob, document: RunDocument) -> None:
        async with self._creating:
            created = await self._create_once(
                "Job", job(run, document, wanted, self._settings), run
            )
        self._jobs.created(run.metadata.uid, job_facts(created))
        self._metrics.job_created(run, wanted.stage)
        logger.info(
            "Job created",
            extra={
                "action": "CreateJob",
                "job": created["metadata"]["name"],
                "stage": wanted.stage.value,
                "shard": wanted.shard,
            },
        )

    async def _notify(self, run: EvalRun, action: CreateNotice) -> None:
        wanted = notice_job(run, action.notification, action.status, self._settings)
        try:
            created = await self._create_once("Job", wanted, run)
        except (QuotaExceeded, Invalid, _Foreign, _Dying) as error:
            # The run has ended well or not all the same; the resync of the Jobs tries again.
            logger.warning("nobody was told yet: %s", error, extra={"action": "CreateNotice"})
            return
        self._jobs.created(run.metadata.uid, job_facts(created))
        logger.info(
            "Job created",
            extra={"action": "CreateNotice", "job": created["metadata"]["name"]},
        )

    async def _create_once(self, kind: Kind, manifest: Manifest, run: EvalRun) -> Manifest:
        """The object, created now or earlier; only the run's own counts."""
        try:
            return await self._cluster.create(kind, manifest)
        except AlreadyExists:
            pass
        meta = manifest["metadata"]
        try:
            held = await self._cluster.get(kind, meta["namespace"], meta["name"])
        except NotFound as error:
            raise _Dying from error
        if owner_uid(held) != run.metadata.uid:
            raise _Foreign(f"{kind} {meta['name']}")
        if "deletionTimestamp" in held["metadata"]:
            raise _Dying
        return held

    async def _clear(self, run: EvalRun, action: DeleteJobs) -> None:
        for job_held in action.jobs:
            self._jobs.deleted(run.metadata.uid, job_held)
        await self._cluster.delete_jobs(run.metadata.namespace, selector(run.metadata))

    async def _delete(self, run: EvalRun, action: DeleteJob) -> None:
        logger.info(
            "Job is deleted",
            extra={
                "action": "DeleteJob",
                "job": action.job.name,
                "stage": action.job.stage.value,
                "shard": action.job.shard,
                "attempt": action.job.failed,
            },
        )
        # Remembered before the request: the watch may tell of the end before the answer comes.
        self._jobs.deleted(run.metadata.uid, action.job)
        try:
            await self._cluster.delete_job(
                run.metadata.namespace,
                action.job.name,
                uid=action.job.uid,
                propagation="Foreground" if action.await_pods else "Background",
            )
        except ClusterError:
            self._jobs.seen(action.job.uid)
            raise


def slow_start(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """1, 2, 4, ... at a time, as Kubernetes' own controllers do."""
    start, size = 0, 1
    while start < len(things):
        yield things[start : start + size]
        start, size = start + size, size * 2


def _with_results(report: Report, results: Iterable[BaseException | None]) -> Report:
    for result in results:
        if isinstance(result, QuotaExceeded):
            report = replace(report, refusals=Refusals(quota=str(result)))
        elif isinstance(result, WebhookDown):
            report = replace(report, refusals=Refusals(webhook=str(result)))
        elif isinstance(result, Invalid):
            report = replace(report, refusals=Refusals(invalid=str(result)))
        elif isinstance(result, _Foreign):
            report = replace(report, refusals=Refusals(collision=str(result)))
        elif isinstance(result, _Dying):
            report = replace(report, again_seconds=SOON_SECONDS)
        elif result is not None:
            raise result
    return report
