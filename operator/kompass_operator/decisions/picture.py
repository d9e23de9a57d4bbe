"""A run's Jobs by their place in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kompass_api.evalrun import EvalRun
from kompass_operator.failures import place
from kompass_operator.ledger import Ledger, ledger_of
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, Observed
from kompass_operator.status import shard_models


@dataclass(frozen=True)
class Picture:
    """The Jobs that exist, where each belongs."""

    plan: JobFacts | None
    shards: tuple[JobFacts | None, ...]
    """The Job that counts for each shard: none before its first, or where a gap is to be filled."""
    summarize: JobFacts | None
    models: tuple[str, ...]
    """Model of each shard."""
    partial: JobFacts | None = None
    ledger: Ledger = field(default_factory=Ledger)
    turns: Mapping[int, int] = field(default_factory=dict)
    """Number of each shard's newest Job."""

    @property
    def jobs(self) -> Iterator[JobFacts]:
        """Every Job that counts."""
        singles = (self.plan, *self.shards, self.summarize, self.partial)
        yield from (job for job in singles if job is not None)

    @property
    def open(self) -> list[JobFacts]:
        """Jobs that may still run pods and that nobody deletes."""
        return [job for job in self.jobs if job.is_open and not job.deleting]

    @property
    def all_done(self) -> bool:
        """Whether every shard has its manifest."""
        return bool(self.shards) and len(self.ledger.completed) == len(self.shards)

    @property
    def lost(self) -> list[int]:
        """Shards whose Job somebody else deleted."""
        return [
            index
            for index, job in enumerate(self.shards)
            if job is None and index in self.ledger.started - self.ledger.ended
        ]

    def next_turn(self, shard: int) -> int:
        """Number of the shard's next Job."""
        if shard in self.turns:
            return self.turns[shard] + 1
        return int(shard in self.ledger.started)

    def model_of(self, job: JobFacts) -> str | None:
        """The model that a Job evaluates."""
        if job.shard is None or job.shard >= len(self.models):
            return None
        return self.models[job.shard]

    def place_of(self, job: JobFacts) -> str:
        """`shard 3 (model m)`, `plan` or `summarize`."""
        return place(job.stage, job.shard, self.model_of(job))


def pictured(run: EvalRun, seen: Observed) -> Picture:
    """The run's Jobs, as far as the plan is known."""
    models = shard_models(seen.status.models)
    newest = {index: job for index, job in seen.shard_jobs(run).items() if index < len(models)}
    ledger = ledger_of(seen.status, newest)
    return Picture(
        plan=seen.job(run, Stage.PLAN),
        shards=tuple(_that_counts(newest.get(index), ledger) for index in range(len(models))),
        summarize=seen.job(run, Stage.SUMMARIZE),
        partial=seen.job(run, Stage.PARTIAL),
        models=tuple(models),
        ledger=ledger,
        turns={index: job.turn for index, job in newest.items()},
    )


def _that_counts(job: JobFacts | None, ledger: Ledger) -> JobFacts | None:
    is_stale = (
        job is not None
        and job.state is JobState.COMPLETE
        and job.shard not in ledger.completed
        and not job.deleting
    )
    return None if is_stale else job
