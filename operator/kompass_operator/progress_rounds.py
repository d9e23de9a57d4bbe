"""When to look at a run's pages, and when to ask the API server where they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts

SHORTEST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 60.0
PAUSES_IN_A_LIFE: Final = 20
"""The pause is this part of a run's age: a long run is looked at less often."""
WORTH_SECONDS: Final = 20.0
"""Shards that run for less are not looked at."""
PAGES_A_ROUND: Final = 64
SHARDS_A_LIST: Final = 4
"""So many shards of a run pay for one listing of its pods."""
FREE_LISTS: Final = 2


@dataclass
class Rounds:
    """Where a run's pages are, and how often it was asked for them."""

    due: datetime
    addresses: dict[str, str] = field(default_factory=dict)
    """IP address by pod UID."""
    lists: int = 0
    turn: int = 0

    def next_addresses(self) -> list[tuple[str, str]]:
        """Pods of this round: all, or the next of many."""
        held = sorted(self.addresses.items())
        if len(held) <= PAGES_A_ROUND:
            return held
        start = self.turn % len(held)
        self.turn += PAGES_A_ROUND
        return [*held[start:], *held[:start]][:PAGES_A_ROUND]


def running(jobs: Iterable[JobFacts]) -> list[JobFacts]:
    """Shard Jobs with a pod that is up."""
    return [
        job
        for job in jobs
        if job.stage is Stage.SHARD and job.is_open and job.ready and not job.deleting
    ]


def is_worth(jobs: Sequence[JobFacts], now: datetime) -> bool:
    """Whether one of these Jobs has run for long enough to be looked at."""
    begun = [job.started for job in jobs if job.started is not None]
    return bool(begun) and (now - min(begun)).total_seconds() >= WORTH_SECONDS


def pause(age_seconds: float) -> timedelta:
    """Until the next round."""
    seconds = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, age_seconds / PAUSES_IN_A_LIFE))
    return timedelta(seconds=seconds)


def wants_list(rounds: Rounds, jobs: Sequence[JobFacts], total_shards: int) -> bool:
    """Whether to list the pods: some are up whose address is unknown, and it was not too often."""
    pods = sum(job.ready for job in jobs)
    allowed = FREE_LISTS + total_shards // SHARDS_A_LIST
    return pods > len(rounds.addresses) and rounds.lists < allowed
