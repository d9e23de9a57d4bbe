"""The example rows of a subject's questions, chosen when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from kompass_worker.datasets.rows import Row
from kompass_worker.fewshot.retrievers import Ids


@dataclass(frozen=True)
class Shots:
    """Rows of the example split, and which of them each question has."""

    count: int
    """Examples that every question has."""
    pool: Sequence[Row]
    choose: Callable[[], list[Ids]]

    @cached_property
    def _chosen(self) -> list[Ids]:
        return self.choose()

    def of(self, row: int) -> tuple[Row, ...]:
        """The examples of the question in this row, in their order."""
        if not self.count:
            return ()
        return tuple(self.pool[place] for place in self._chosen[row])
