"""Gaps in the results: the summary's proof finds them, their shards fill them once. Pure."""

from __future__ import annotations

from typing import Final

from kompass_api.indexes import indexes_of, ranges_of
from kompass_api.status import EvalRunStatus, Gap
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.readings import gap_of
from kompass_operator.ledger import written
from kompass_operator.observed import Observed

ROUNDS: Final = 1
"""Gaps of a run that are dispatched again; one that stays is no accident."""


def is_repairable(picture: Picture, seen: Observed) -> bool:
    """Whether the summary failed for a gap that its shards may still fill."""
    return picture.all_done and bool(_open_gap(picture, seen)) and _round(seen.status) < ROUNDS


def reopened(status: EvalRunStatus, picture: Picture, seen: Observed) -> EvalRunStatus:
    """The status with the gap that is to be filled, whose shards are not complete any more."""
    shards = _open_gap(picture, seen)
    gap = Gap(round=_round(status) + 1, shards=ranges_of(shards))
    return written(status.model_copy(update={"gap": gap}), picture.ledger.reopened(shards))


def refilled(status: EvalRunStatus) -> frozenset[int]:
    """Shards that fill the last gap."""
    return indexes_of(status.gap.shards) if status.gap is not None else frozenset()


def round_of(status: EvalRunStatus, shard: int) -> int:
    """Which gap a Job of this shard fills; 0: none."""
    return _round(status) if shard in refilled(status) else 0


def _open_gap(picture: Picture, seen: Observed) -> frozenset[int]:
    known = range(len(picture.shards))
    return frozenset(index for index in gap_of(picture.summarize, seen) if index in known)


def _round(status: EvalRunStatus) -> int:
    return status.gap.round if status.gap is not None else 0
