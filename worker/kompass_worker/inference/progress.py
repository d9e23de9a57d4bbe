"""How far a shard is, told now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """Hears of every answer."""

    def __call__(self, done: int, total: int) -> None:
        """So many items of the shard have an answer."""
        ...


def both(first: Progress, second: Progress) -> Progress:
    """Two that hear of every answer."""

    def tell(done: int, total: int) -> None:
        first(done, total)
        second(done, total)

    return tell


class LoggedProgress:
    """A log line every few seconds, and one at the end."""

    def __init__(self, shard: int, *, seconds: float, clock: Callable[[], float]) -> None:
        self._shard = shard
        self._seconds = seconds
        self._clock = clock
        self._first: tuple[float, int] | None = None
        self._last = clock()

    def __call__(self, done: int, total: int) -> None:
        """Note it; say it when it is time."""
        now = self._clock()
        if self._first is None:
            self._first = (now, done)
        if done < total and now - self._last < self._seconds:
            return
        self._last = now
        started, before = self._first
        elapsed = now - started
        logger.info(
            "progress",
            extra={
                "shard": self._shard,
                "done": done,
                "total": total,
                "items_per_second": round((done - before) / elapsed, 2) if elapsed > 0 else None,
            },
        )
