"""Asks a server within the limits, and again while that may help."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from kompass_worker.backends.served.limits import Limiter
from kompass_worker.backends.served.retries import RetryPolicy
from kompass_worker.backends.served.troubles import Kind, Trouble

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Limits and retries of one server."""

    limiter: Limiter
    policy: RetryPolicy
    draw: Callable[[], float]
    """Numbers of [0, 1), for jitter."""

    async def carry_out(self, ask: Callable[[], Awaitable[T]], tokens: int = 0) -> T:
        """The answer; a Trouble that does not pass, or did not in time.

        `tokens` is what the answer may take; `settle` puts that right afterwards.
        """
        clock = self.limiter.clock
        first: float | None = None
        attempt = 0
        while True:
            await self.limiter.admit(tokens)
            try:
                return await ask()
            except Trouble as trouble:
                self.settle(tokens, 0)
                attempt += 1
                now = clock.now()
                first = now if first is None else first
                wait = self._wait(trouble, attempt, now - first)
                if wait is None:
                    raise
                if trouble.kind is Kind.BUSY:
                    self.limiter.pause(wait)
            await clock.sleep(wait)

    def settle(self, reserved: int, used: int) -> None:
        """The answer took so many tokens."""
        self.limiter.correct(reserved, used)

    def _wait(self, trouble: Trouble, attempt: int, elapsed: float) -> float | None:
        if not trouble.passes:
            return None
        wait = self.policy.wait(attempt, elapsed, trouble.wait_seconds, self.draw())
        logger.warning(
            "a request failed",
            extra={
                "kind": trouble.kind.name,
                "status": trouble.status,
                "attempt": attempt,
                "again_in_seconds": None if wait is None else round(wait, 1),
            },
        )
        return wait
