"""How much there is to walk through in a value.

Pure. What stands in a value several times is counted each time, and measured once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from typing import NamedTuple

from kompass_worker.datasets.values import MAX_CHARACTERS, MAX_PARTS


class Size(NamedTuple):
    """Of a value with all that is in it."""

    parts: int
    characters: int

    @property
    def share(self) -> float:
        """Of what a field may have; above 1 it is too large."""
        return max(self.parts / MAX_PARTS, self.characters / MAX_CHARACTERS)


class Sizes:
    """The sizes of values that nobody changes meanwhile."""

    def __init__(self) -> None:
        # With the value itself, so that no other one gets its id.
        self._known: dict[int, tuple[Collection[object], Size]] = {}

    def of(self, value: object) -> Size:
        """Its own."""
        if isinstance(value, str):
            return Size(1, len(value))
        if not isinstance(value, (list, dict)):
            return Size(1, 0)
        if id(value) not in self._known:
            held = chain(value, value.values()) if isinstance(value, dict) else value
            self._known[id(value)] = (value, self._of_all(held))
        return self._known[id(value)][1]

    def _of_all(self, values: Iterable[object]) -> Size:
        parts, characters = 1, 0
        for value in values:
            size = self.of(value)
            parts += size.parts
            characters += size.characters
        return Size(parts, characters)
