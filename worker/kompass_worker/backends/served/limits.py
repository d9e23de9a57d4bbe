"""Requests and tokens a minute: buckets that fill steadily, by a clock that is given."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final, Protocol

_MINUTE: Final = 60.0
_BURST_SECONDS: Final = 1.0
"""What a bucket holds at most, in seconds of its rate."""


class Clock(Protocol):
    """Time that can be waited for."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class RealClock:
    """This machine's."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass
class Bucket:
    """So many units a minute. Who takes more than there is waits; the order stays. Pure."""

    per_minute: float
    level: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self.level = self.capacity

    @property
    def capacity(self) -> float:
        """What may be taken at once after a pause; at least one unit."""
        return max(1.0, self.per_minute / _MINUTE * _BURST_SECONDS)

    def take(self, amount: float, now: float) -> float:
        """Take it, and say how many seconds to wait before using it."""
        self._fill(now)
        # More than fits would wait for ever; it waits until the bucket would have been filled.
        self.level -= amount
        return max(0.0, -self.level * _MINUTE / self.per_minute)

    def give_back(self, amount: float) -> None:
        """What was taken and not used; a negative amount was used beyond what was taken."""
        self.level = min(self.capacity, self.level + amount)

    def _fill(self, now: float) -> None:
        if self._at is not None:
            gained = (now - self._at) * self.per_minute / _MINUTE
            self.level = min(self.capacity, self.level + gained)
        self._at = now


@dataclass
class Limiter:
    """Both limits, and the pause that a busy server asks for."""

    clock: Clock
    requests: Bucket | None = None
    tokens: Bucket | None = None
    _paused_until: float = 0.0

    async def admit(self, tokens: int) -> None:
        """Return when a request of so many tokens may be sent."""
        now = self.clock.now()
        wait = max(
            self.requests.take(1, now) if self.requests is not None else 0.0,
            self.tokens.take(tokens, now) if self.tokens is not None else 0.0,
        )
        if wait > 0:
            await self.clock.sleep(wait)
        while (left := self._paused_until - self.clock.now()) > 0:
            await self.clock.sleep(left)

    def correct(self, reserved: int, used: int) -> None:
        """An answer took so many tokens, not those reserved."""
        if self.tokens is not None:
            self.tokens.give_back(reserved - used)

    def pause(self, seconds: float) -> None:
        """Nobody asks for so long."""
        self._paused_until = max(self._paused_until, self.clock.now() + seconds)
