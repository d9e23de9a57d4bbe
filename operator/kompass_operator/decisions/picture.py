"""A run's Jobs by their place in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kompass_api.evalrun import EvalRun
from kompass_operator.failures import place
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, Observed
from kompass_operator.status import shard_models


@dataclass(frozen=True)
class Picture:
    """The Jobs that exist, where each belongs."""

    plan: JobFacts | None
    shards: tuple[JobFacts | None, ...]
    summarize: JobFacts | None
    models: tuple[str, ...]
    """Model of each shard."""

    @property
    def jobs(self) -> Iterator[JobFacts]:
        """Every Job that exists."""
        yield from (job for job in (self.plan, *self.shards, self.summarize) if job is not None)

    @property
    def open(self) -> list[JobFacts]:
        """Jobs that may still run pods and that nobody deletes."""
        return [job for job in self.jobs if job.is_open and not job.deleting]

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
    return Picture(
        plan=seen.job(run, Stage.PLAN),
        shards=tuple(seen.job(run, Stage.SHARD, index) for index in range(len(models))),
        summarize=seen.job(run, Stage.SUMMARIZE),
        models=tuple(models),
    )
