"""Sets of shard indexes as text, such as `0-2,5`, as a Job's completedIndexes are written. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

MAX_LENGTH: Final = 4096
"""Characters of such a text; with 512 shards at a time the gaps between those done fit."""

Indexes = Annotated[str, Field(max_length=MAX_LENGTH)]
"""Shard indexes as ranges."""


def ranges_of(indexes: Iterable[int], limit: int = MAX_LENGTH) -> str:
    """The indexes as ranges, lowest first; those that do not fit into the limit are left out."""
    text = ""
    for first, last in _runs(sorted(set(indexes))):
        piece = str(first) if first == last else f"{first}-{last}"
        longer = f"{text},{piece}" if text else piece
        if len(longer) > limit:
            return text
        text = longer
    return text


def indexes_of(ranges: str | None) -> frozenset[int]:
    """The indexes of such a text; none where there is none."""
    found: set[int] = set()
    for piece in (ranges or "").split(","):
        if piece:
            first, _, last = piece.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _runs(ordered: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in ordered:
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs
