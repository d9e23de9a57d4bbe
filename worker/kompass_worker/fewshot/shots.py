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
    is_search: bool = False
    """Whether choosing reads all texts, so that what was chosen is worth keeping."""

    @cached_property
    def _chosen(self) -> list[Ids]:
        return self.choose()

    def places(self, row: int) -> Ids:
        """Where the examples of the question in this row stand in the pool, in their order."""
        return self._chosen[row] if self.count else ()

    def at(self, places: Ids) -> tuple[Row, ...]:
        """The rows in these places."""
        return tuple(self.pool[place] for place in places)
