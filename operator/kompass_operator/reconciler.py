"""One pass over a run: gather what is seen, ask `plan`, answer its questions, do what it says."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_api.status import EvalRunStatus
from kompass_operator.actions import (
    Decision,
    DeleteJob,
    DeleteJobs,
    Question,
    ReadDocument,
    SeekJob,
)
from kompass_operator.cluster import Cluster, NamespaceEnds, NotFound
from kompass_operator.decisions import plan
from kompass_operator.executor import Executor
from kompass_operator.facts import job_facts, newest_last, pod_facts
from kompass_operator.failures import timestamp
from kompass_operator.logs import about
from kompass_operator.manifests.events import Announcement, event
from kompass_operator.manifests.owners import owner_uid
from kompass_operator.metrics import Metrics
from kompass_operator.names import document_name
from kompass_operator.observed import Observed, PodReading, Refusals
from kompass_operator.policies.gpus import with_peers
from kompass_operator.policies.reading import sight_of
from kompass_operator.policies.sight import PolicySight
from kompass_operator.progress_board import ProgressBoard
from kompass_operator.queueing import WorkloadView
from kompass_operator.settings import Settings
from kompass_operator.status import is_finished
from kompass_operator.surroundings import surroundings_of
from kompass_operator.unreadable import NotYetKnown, held_status, read_run, refused_status
from kompass_operator.views import JobView, RunKey, SeenRun, Watches, version_of
from kompass_operator.writer import StatusWriter

ROUNDS: Final = 8
"""Questions and refusals that one pass may answer; more is a bug."""

logger = logging.getLogger(__name__)


@dataclass
class _Memory:
    """What would have to be asked again without it; never the only place of anything."""

    uid: str
    document: RunDocument | None = None
    document_sought: bool = False
    readings: dict[str, PodReading] = field(default_factory=dict)
    """By the Job's UID."""
    gone: set[str] = field(default_factory=set)
    """Names of Jobs that were sought and do not exist."""


@dataclass(frozen=True)
class Outcome:
    """When a run wants the next pass, and whether this one was refused something."""

    again_seconds: float | None = None
    refused: bool = False


class Reconciler:
    """Brings runs on; safe to call at any time, any number of times."""

    def __init__(
        self,
        cluster: Cluster,
        watches: Watches,
        settings: Settings,
        now: Callable[[], datetime],
        metrics: Metrics | None = None,
        board: ProgressBoard | None = None,
    ) -> None:
        self._cluster = cluster
        self._watches = watches
        self._settings = settings
        self._now = now
        self.workloads = WorkloadView()
        """What Kueue says; filled by a watch of its own."""
        self.jobs = JobView(watches, now)
        self._metrics = metrics or Metrics(now)
        self._board = board or ProgressBoard()
        self._executor = Executor(cluster, self.jobs, settings, self._metrics)
        self._writer = StatusWriter(cluster, settings, now, self._metrics)
        self._memories: dict[RunKey, _Memory] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def reconcile(self, key: RunKey) -> Outcome:
        """One pass over a run; ClusterError means: try again later."""
        body = self._watches.run(key)
        if body is None:
            self._memories.pop(key, None)
            self._writer.forget(key)
            return Outcome()
        try:
            run = read_run(body)
        except NotYetKnown as newer:
            whose = {"run": key.name, "namespace": key.namespace}
            logger.warning("waiting for an operator of the CRDs' release: %s", newer, extra=whose)
            return Outcome(refused=True)
        except ValidationError as error:
            held = held_status(body)
            run, refused = refused_status(body, error, held, self._now())
            unread = SeenRun(key, run, version_of(body))
            return Outcome(await self._writer.write(unread, held, refused, at_once=True))
        try:
            with about(
                run=key.name,
                namespace=key.namespace,
                uid=run.metadata.uid,
                reconcileID=uuid.uuid4().hex[:12],
            ):
                return await self._bring_on(SeenRun(key, run, version_of(body)))
        except NotFound:
            logger.info("run is gone", extra={"run": key.name, "namespace": key.namespace})
            return Outcome()
        except NamespaceEnds:
            return Outcome()

    async def alarm(self, key: RunKey, error: Exception) -> None:
        """Tell in an Event that passes over a run keep failing; its state does not change."""
        body = self._watches.run(key)
        if body is None:
            return
        announcement = Announcement(
            reason=Reason.INTERNAL_ERROR,
            message=f"the operator cannot bring the run on, by a bug of its own "
            f"({type(error).__name__}: {error}); it goes on trying, and its log has the details",
            time=timestamp(self._now()),
            warning=True,
        )
        run = EvalRun.model_validate(body)
        await self._cluster.create("Event", event(run, announcement))

    async def _bring_on(self, this: SeenRun) -> Outcome:
        if not self._shares_gpus(this.key.namespace):
            return await self._rounds(this)
        # Two runs of a namespace must not both take its last GPUs.
        async with self._turns[this.key.namespace]:
            return await self._rounds(this)

    async def _rounds(self, this: SeenRun) -> Outcome:
        run, memory = this.run, self._memory(this)
        refusals = Refusals()
        for _ in range(ROUNDS):
            seen = self._observe(this, memory, refusals)
            decision = plan(run, seen, self._now(), self._settings)
            if decision.questions:
                for question in decision.questions:
                    await self._answer(question, run, memory)
                continue
            if refusals.quota or refusals.webhook:
                await self._writer.write(this, seen.status, decision.status, at_once=False)
                return Outcome(refused=True)
            before = seen.status
            told = await self._tell_first(this, before, decision)
            report = await self._executor.perform(run, decision.actions, seen.document)
            memory.document = report.document or memory.document
            if decision.actions:
                memory.gone.clear()
            if report.refusals != Refusals():
                refusals = report.refusals
                continue
            delay = (
                None
                if told
                else await self._writer.write(this, before, decision.status, at_once=False)
            )
            self._metrics.decided(seen, decision.status)
            self._tidy(memory, decision.status)
            return Outcome(_least(delay, report.again_seconds, self._until(decision.again_at)))
        message = f"run {this.key.namespace}/{this.key.name} was not decided in {ROUNDS} rounds"
        raise RuntimeError(message)

    async def _tell_first(self, this: SeenRun, before: EvalRunStatus, decision: Decision) -> bool:
        """What is deleted was in the status before; an end and a beginning are told at once."""
        destroys = any(isinstance(action, DeleteJob | DeleteJobs) for action in decision.actions)
        ends = is_finished(decision.status) and not is_finished(before)
        if destroys or ends or not before.conditions:
            await self._writer.write(this, before, decision.status, at_once=True)
            return True
        return False

    def _observe(self, this: SeenRun, memory: _Memory, refusals: Refusals) -> Observed:
        run, status = this.run, self._writer.latest(this)
        jobs = self.jobs.of(this.key.namespace, run.metadata.uid)
        readings = {
            job.name: memory.readings[job.uid]
            for job in jobs.values()
            if job.uid in memory.readings
        }
        seen = Observed(
            status=status,
            policy=self._policy_for(run) if not is_finished(status) else PolicySight(),
            jobs=jobs,
            document=memory.document,
            document_sought=memory.document_sought,
            readings=readings,
            gone=frozenset(memory.gone),
            refusals=refusals,
            pages=self._board.of(run.metadata.uid),
            workloads=self.workloads.of(run.metadata.uid),
            queueing=self.workloads.reachable,
        )
        if memory.document is not None or is_finished(status):
            return seen
        return surroundings_of(run, self._watches, seen)

    def _shares_gpus(self, namespace: str) -> bool:
        return self._policies_of(namespace).gpu_limit is not None

    def _policies_of(self, namespace: str) -> PolicySight:
        if not self._settings.policies:
            return PolicySight()
        labels = self._watches.namespace_labels(namespace)
        return sight_of(self._watches.policies(), namespace, labels)

    def _policy_for(self, run: EvalRun) -> PolicySight:
        namespace = run.metadata.namespace
        sight = self._policies_of(namespace)
        if sight.gpu_limit is None:
            return sight
        runs = [body for key, body in self._watches.runs() if key.namespace == namespace]
        return with_peers(run, sight, runs, lambda uid: self.jobs.of(namespace, uid))

    async def _answer(self, question: Question, run: EvalRun, memory: _Memory) -> None:
        namespace = run.metadata.namespace
        if isinstance(question, ReadDocument):
            memory.document_sought = True
            memory.document = await self._read_document(run, question.attempt)
            return
        if isinstance(question, SeekJob):
            await self._seek(question.name, run, memory)
            return
        job = question.job
        pods = await self._cluster.pods_of(namespace, job.name)
        refusal = "" if pods else await self._cluster.refusal_of(namespace, job.uid)
        memory.readings[job.uid] = PodReading(
            at=self._now(),
            failed=job.failed,
            state=job.state,
            version=job.version,
            refusal=refusal,
            pods=newest_last(pod_facts(pod) for pod in pods),
        )

    async def _seek(self, name: str, run: EvalRun, memory: _Memory) -> None:
        """Ask for a Job that no watch shows: it is there after all, or gone for good."""
        meta = run.metadata
        try:
            held = await self._cluster.get("Job", meta.namespace, name)
        except NotFound:
            memory.gone.add(name)
            return
        if owner_uid(held) == meta.uid:
            self.jobs.created(meta.uid, job_facts(held))
        else:
            memory.gone.add(name)

    async def _read_document(self, run: EvalRun, attempt: int) -> RunDocument | None:
        try:
            held = await self._cluster.get(
                "ConfigMap", run.metadata.namespace, document_name(run.metadata, attempt)
            )
        except NotFound:
            return None
        return RunDocument.model_validate_json(held["data"][RUN_DOCUMENT_KEY])

    def _memory(self, this: SeenRun) -> _Memory:
        uid = this.run.metadata.uid
        memory = self._memories.get(this.key)
        if memory is None or memory.uid != uid:
            memory = self._memories[this.key] = _Memory(uid)
        return memory

    def _tidy(self, memory: _Memory, status: EvalRunStatus) -> None:
        if is_finished(status):
            memory.document = None
            memory.readings.clear()
            memory.gone.clear()

    def _until(self, moment: datetime | None) -> float | None:
        return None if moment is None else max(0.0, (moment - self._now()).total_seconds())


def _least(*delays: float | None) -> float | None:
    return min((delay for delay in delays if delay is not None), default=None)
