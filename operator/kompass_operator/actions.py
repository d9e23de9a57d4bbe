"""What a decision may ask for. Each can be done twice without harm."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kompass_api.notifications import Notification
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts


@dataclass(frozen=True)
class CreateDocument:
    """Freeze the run document in its ConfigMap."""

    document: RunDocument


@dataclass(frozen=True)
class CreateJob:
    """Start a stage or shard."""

    stage: Stage
    shard: int | None = None
    model: str | None = None
    turn: int = 0
    """Which Job of its shard this is."""
    struck: int = 0
    """Attempts that earlier Jobs of the shard have used up."""
    repair: int = 0
    """Round of the gap that it fills; 0: none."""
    avoid: tuple[str, ...] = ()
    """Nodes to keep away from."""


@dataclass(frozen=True)
class CreateNotice:
    """Tell somebody of the run's end."""

    notification: Notification
    status: EvalRunStatus
    """As the run ended."""


@dataclass(frozen=True)
class DeleteJob:
    """Stop a Job and its pods."""

    job: JobFacts
    await_pods: bool = False
    """Keep the Job until its pods are gone, so that a successor never runs beside them."""


@dataclass(frozen=True)
class DeleteJobs:
    """Remove every Job of the run, by its label."""

    jobs: tuple[JobFacts, ...]
    """Those that are known."""


Action = CreateDocument | CreateJob | CreateNotice | DeleteJob | DeleteJobs


@dataclass(frozen=True)
class ReadDocument:
    """Look whether the ConfigMap exists."""

    attempt: int = 1


@dataclass(frozen=True)
class ReadPods:
    """Look at the pods of one Job."""

    job: JobFacts


@dataclass(frozen=True)
class SeekJob:
    """Ask for a Job by name that was created and that no watch shows."""

    name: str


Question = ReadDocument | ReadPods | SeekJob


@dataclass(frozen=True)
class Decision:
    """What to do now. Questions come first: with their answers it is decided anew."""

    status: EvalRunStatus
    questions: tuple[Question, ...] = ()
    actions: tuple[Action, ...] = ()
    again_at: datetime | None = field(default=None)
    """When to look again although nothing happened."""
