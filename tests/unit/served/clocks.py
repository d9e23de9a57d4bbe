"""A clock that stands still until somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ToldClock:
    """Time passes only in sleep, and at once."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
