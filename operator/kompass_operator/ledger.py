"""What a run's status keeps of its shards beyond their Jobs, which may be deleted. Pure.

A shard that has once completed or was given up stays so. A shard that was started and has no Job
any more was deleted by somebody else: the operator takes those that it stops itself out of
`started` before it deletes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kompass_api.indexes import indexes_of, ranges_of
from kompass_api.status import EvalRunStatus
from kompass_operator.observed import JobFacts, JobState


@dataclass(frozen=True)
class Ledger:
    """Sets of shard indexes."""

    completed: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    started: frozenset[int] = frozenset()
    """Their Job was created, and the operator has not stopped it."""
    replaced: frozenset[int] = frozenset()
    """Their Job was deleted by somebody else once."""

    @property
    def ended(self) -> frozenset[int]:
        """Shards whose Job is of no more interest."""
        return self.completed | self.failed

    def given_up(self, shards: Iterable[int]) -> Ledger:
        """With more shards that are not tried again."""
        return replace(self, failed=self.failed | (frozenset(shards) - self.completed))

    def starting(self, shards: Iterable[int]) -> Ledger:
        """With Jobs that are about to be created; of a lost shard, its replacement."""
        wanted = frozenset(shards)
        lost = wanted & self.started
        return replace(self, started=self.started | wanted, replaced=self.replaced | lost)

    def stopping(self, shards: Iterable[int]) -> Ledger:
        """Without shards whose Job the operator is about to delete."""
        return replace(self, started=self.started - frozenset(shards))

    def reopened(self, shards: Iterable[int]) -> Ledger:
        """With shards that have to fill a gap in their results."""
        wanted = frozenset(shards)
        return replace(self, completed=self.completed - wanted, started=self.started - wanted)


def ledger_of(status: EvalRunStatus, jobs: Mapping[int, JobFacts]) -> Ledger:
    """What the status says, brought up to date with the newest Job of each shard."""
    counts, gap = status.shards, status.gap
    refilled = indexes_of(gap.shards) if gap is not None else frozenset()
    rounds = gap.round if gap is not None else 0
    complete = {
        index
        for index, job in jobs.items()
        if job.state is JobState.COMPLETE and (index not in refilled or job.repair >= rounds)
    }
    there = {
        index
        for index, job in jobs.items()
        if not job.deleting and (job.state is not JobState.COMPLETE or index in complete)
    }
    completed = indexes_of(counts.completed_indexes) | complete
    return Ledger(
        completed=completed,
        failed=indexes_of(counts.failed_indexes) - completed,
        started=indexes_of(counts.started_indexes) | there | completed,
        replaced=indexes_of(counts.replaced_indexes),
    )


def written(status: EvalRunStatus, ledger: Ledger) -> EvalRunStatus:
    """The status with the ledger in it."""
    shards = status.shards.model_copy(
        update={
            "completed_indexes": ranges_of(ledger.completed) or None,
            "failed_indexes": ranges_of(ledger.failed) or None,
            "started_indexes": ranges_of(ledger.started) or None,
            "replaced_indexes": ranges_of(ledger.replaced) or None,
        }
    )
    return status.model_copy(update={"shards": shards})
