"""How fast a shard gets on, over the last minute. Pure but for the clock it is given."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from kompass_api.progress import ShardProgress

WINDOW_SECONDS: Final = 60.0
STEP_SECONDS: Final = 1.0
"""Moments that are kept are so far apart."""
KEPT_MOMENTS: Final = 2
"""However old."""


class Pace:
    """Hears of every answer, and says how far and how fast when it is asked."""

    def __init__(self, shard: int, clock: Callable[[], float]) -> None:
        self._shard = shard
        self._clock = clock
        self._done = 0
        self._planned = 0
        self._moments: deque[tuple[float, int]] = deque()

    def __call__(self, done: int, total: int) -> None:
        """So many items of the shard have an answer."""
        now = self._clock()
        self._done, self._planned = done, total
        if not self._moments or now - self._moments[-1][0] >= STEP_SECONDS:
            self._moments.append((now, done))
            self._forget(now)

    def told(self) -> ShardProgress:
        """How far the shard is."""
        rate = self._rate()
        left = self._planned - self._done
        return ShardProgress(
            shard=self._shard,
            done=self._done,
            planned=self._planned,
            items_per_minute=round(rate * 60),
            eta_seconds=math.ceil(left / rate) if rate > 0 else None,
        )

    def _rate(self) -> float:
        """Items a second since the oldest moment of the window; silence counts."""
        now = self._clock()
        self._forget(now)
        if not self._moments:
            return 0.0
        since, before = self._moments[0]
        return (self._done - before) / (now - since) if now > since else 0.0

    def _forget(self, now: float) -> None:
        # The moment before the window stays, and the last step however old it is: a model that
        # answers a batch in five minutes has a rate in between, and one that hangs a falling one.
        while len(self._moments) > KEPT_MOMENTS and self._moments[1][0] <= now - WINDOW_SECONDS:
            self._moments.popleft()
