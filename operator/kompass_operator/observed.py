"""What is seen of a run in the cluster, as small frozen facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import TerminationMessage
from kompass_api.progress import ShardProgress
from kompass_api.resolution import Problem, Surroundings
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus
from kompass_operator.names import Stage, job_name
from kompass_operator.policies.sight import PolicySight
from kompass_operator.queueing.facts import WorkloadFacts


class JobState(StrEnum):
    """How a Job ended, or that it did not."""

    UNFINISHED = "Unfinished"
    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True)
class JobFacts:
    """What matters of a Job."""

    name: str
    uid: str
    stage: Stage
    created: datetime
    shard: int | None = None
    turn: int = 0
    """Which Job of its shard it is."""
    struck: int = 0
    """Attempts that earlier Jobs of the shard have used up."""
    repair: int = 0
    """Round of the gap that it fills; 0: none."""
    avoided: tuple[str, ...] = ()
    """Nodes that it keeps away from."""
    version: int = 0
    state: JobState = JobState.UNFINISHED
    reason: str = ""
    """Why it failed: BackoffLimitExceeded, DeadlineExceeded or PodFailurePolicy."""
    message: str = ""
    ended: datetime | None = None
    started: datetime | None = None
    active: int = 0
    ready: int = 0
    failed: int = 0
    """Pods that failed and counted."""
    pod_ended: bool = False
    """A pod has succeeded, or has ended and is about to be counted."""
    terminating: int = 0
    """Pods that were told to end and have not."""
    queue: str = ""
    """The queue that the Job is labelled for."""
    suspended: bool = False
    """By a queue: Kompass never suspends a Job."""
    gpus: int = 0
    """Extended resources, such as GPUs, that its pods hold together."""
    deleting: bool = False
    deleted: datetime | None = None
    """When it was told to go, as far as a watch has shown it."""
    owned: bool = True
    """By the run whose label it has."""

    @property
    def is_open(self) -> bool:
        """Whether it may still run pods."""
        return self.state is JobState.UNFINISHED


@dataclass(frozen=True)
class PodFacts:
    """What matters of a pod: how it ended, or what it waits for."""

    name: str
    node: str = ""
    phase: str = "Pending"
    created: datetime | None = None
    scheduled: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    container_reason: str = ""
    """Why the container ended or waits: OOMKilled, ErrImagePull, ..."""
    container_message: str = ""
    unschedulable: str = ""
    """What the scheduler says, where it found no node."""
    pod_reason: str = ""
    """Why the pod as a whole failed, such as Evicted."""
    pod_message: str = ""
    disrupted: bool = False
    memory_limit: str = ""
    said: TerminationMessage | None = None
    """The worker's termination message."""
    last_words: str = ""
    """The end of the log, where the worker left no termination message."""
    deleting: datetime | None = None
    """When it must have ended, once it was told to."""

    @property
    def is_ending(self) -> bool:
        """Whether it was told to end and has not."""
        return self.deleting is not None and self.phase in {"Pending", "Running"}


@dataclass(frozen=True)
class PodReading:
    """The pods of a Job at a moment."""

    at: datetime
    failed: int
    """The Job's count of failed pods when its pods were read."""
    state: JobState
    version: int = 0
    """The Job's version then."""
    refusal: str = ""
    """Why the Job may not have a pod, where it has none."""
    pods: tuple[PodFacts, ...] = ()


@dataclass(frozen=True)
class Pages:
    """What shards told of themselves, by index."""

    told: Mapping[int, ShardProgress] = field(default_factory=dict)
    """Of every shard the last that was heard."""
    live: frozenset[int] = frozenset()
    """Shards that were heard in the last round."""


@dataclass(frozen=True)
class Refusals:
    """What the API server would not do in this pass."""

    quota: str = ""
    """Message of a ResourceQuota that refused a Job."""
    collision: str = ""
    """Name of an object that has a child's name and another owner."""
    invalid: str = ""
    """Message about an object that the API server takes for invalid."""
    webhook: str = ""
    """Message about an admission webhook that did not answer."""


@dataclass(frozen=True)
class Observed:
    """Everything a decision about a run rests on."""

    status: EvalRunStatus = field(default_factory=EvalRunStatus)
    jobs: Mapping[str, JobFacts] = field(default_factory=dict)
    document: RunDocument | None = None
    document_sought: bool = False
    """The ConfigMap was asked for in this pass."""
    surroundings: Surroundings = field(default_factory=lambda: Surroundings({}, {}))
    broken: tuple[Problem, ...] = ()
    """Objects that the run names and that cannot be read."""
    readings: Mapping[str, PodReading] = field(default_factory=dict)
    """By Job name."""
    gone: frozenset[str] = frozenset()
    """Names of Jobs that do not exist, by the API server's own word."""
    refusals: Refusals = field(default_factory=Refusals)
    pages: Pages = field(default_factory=Pages)
    workloads: Mapping[str, WorkloadFacts] = field(default_factory=dict)
    """Kueue's, by the UID of their Jobs."""
    queueing: bool = False
    """Kueue is there, and its Workloads can be read."""
    policy: PolicySight = field(default_factory=PolicySight)

    def job(self, run: EvalRun, stage: Stage) -> JobFacts | None:
        """The Job of a stage."""
        return self.jobs.get(job_name(run.metadata, stage, attempt=self.status.attempt))

    def shard_jobs(self, run: EvalRun) -> dict[int, JobFacts]:
        """The newest Job of each shard that has one; only those that have our names."""
        newest: dict[int, JobFacts] = {}
        for job in self.jobs.values():
            held = newest.get(job.shard) if job.shard is not None else None
            is_older = held is not None and job.turn <= held.turn
            if job.shard is not None and not is_older and job.name == self._name_of(run, job):
                newest[job.shard] = job
        return newest

    def _name_of(self, run: EvalRun, job: JobFacts) -> str:
        attempt = self.status.attempt
        return job_name(run.metadata, Stage.SHARD, job.shard, attempt=attempt, turn=job.turn)
