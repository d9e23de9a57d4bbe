"""An EvalRun's status from what was decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from kompass_api.conditions import Claim, ConditionType, dated
from kompass_api.outcomes import PlanOutcome, ReportOutcome
from kompass_api.status import EvalRunStatus, PlannedModel, Results, ShardCounts
from kompass_operator.conditions import holds
from kompass_operator.failures import timestamp
from kompass_operator.ledger import Ledger, written
from kompass_operator.observed import JobFacts


class Phase(StrEnum):
    """What a person sees in the list of runs."""

    PENDING = "Pending"
    PLANNING = "Planning"
    RUNNING = "Running"
    SUMMARIZING = "Summarizing"
    SUSPENDED = "Suspended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


def is_finished(status: EvalRunStatus) -> bool:
    """Whether the run has ended; nothing changes it after that."""
    return holds(status, ConditionType.FINISHED)


def is_accepted(status: EvalRunStatus) -> bool:
    """Whether the run document was frozen."""
    return status.start_time is not None


def with_claims(
    status: EvalRunStatus, phase: Phase, claims: Iterable[Claim], *, generation: int, now: datetime
) -> EvalRunStatus:
    """The status with a new phase and conditions, which keep their times where they can."""
    return status.model_copy(
        update={
            "observed_generation": generation,
            "phase": phase.value,
            "conditions": dated(claims, status.conditions, generation=generation, now=now),
        }
    )


def started(status: EvalRunStatus, now: datetime) -> EvalRunStatus:
    """The status with the time of acceptance, which is set once."""
    if status.start_time is not None:
        return status
    return status.model_copy(update={"start_time": timestamp(now)})


def planned(status: EvalRunStatus, outcome: PlanOutcome) -> EvalRunStatus:
    """The status with what the plan Job found."""
    return status.model_copy(
        update={
            "models": outcome.models,
            "plan_digest": outcome.digest,
            "items": status.items.model_copy(update={"planned": outcome.items}),
        }
    )


def counted(
    status: EvalRunStatus,
    shards: Sequence[JobFacts | None],
    ledger: Ledger,
    starting: Iterable[int] = (),
) -> EvalRunStatus:
    """The status with its shard counts; shards that are being started count as running."""
    running = set(starting) | {
        index
        for index, job in enumerate(shards)
        if job is not None and job.is_open and not job.suspended and not job.deleting
    }
    running -= ledger.ended
    succeeded, failed, total = len(ledger.completed), len(ledger.failed), len(shards)
    counts = ShardCounts(
        total=total,
        running=len(running),
        succeeded=succeeded,
        failed=failed,
        queued=total - len(running) - succeeded - failed,
    )
    progress = f"{succeeded}/{total}" if shards else ""
    return written(status.model_copy(update={"shards": counts, "progress": progress}), ledger)


def reported(status: EvalRunStatus, outcome: ReportOutcome) -> EvalRunStatus:
    """The status with the report."""
    headline = outcome.headline
    return status.model_copy(
        update={
            "items": outcome.items.model_copy(update={"done": outcome.items.answered}),
            "gates": outcome.gates,
            "results": Results(
                uri=outcome.uri,
                digest=outcome.digest,
                headline=headline,
                partial=outcome.partial,
                missing=[item[:256] for item in outcome.missing],
                reused_from=outcome.reused_from,
            ),
            "score": headline[0].value if headline else "",
        }
    )


def ended(status: EvalRunStatus, now: datetime) -> EvalRunStatus:
    """The status with the time of its end."""
    still = status.items.model_copy(update={"items_per_minute": None, "eta_seconds": None})
    return status.model_copy(update={"completion_time": timestamp(now), "items": still})


def observed_again(status: EvalRunStatus, generation: int) -> EvalRunStatus:
    """A finished status for a newer generation of the spec: nothing else moves."""
    if status.observed_generation == generation:
        return status
    return status.model_copy(
        update={
            "observed_generation": generation,
            "conditions": [
                condition.model_copy(update={"observed_generation": generation})
                for condition in status.conditions
            ],
        }
    )


def shard_models(models: Iterable[PlannedModel]) -> list[str]:
    """The model of every shard: indices follow the models' order."""
    return [model.name for model in models for _ in range(model.shards)]
