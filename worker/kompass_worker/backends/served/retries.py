"""When a failed request is tried again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MILLISECONDS = "retry-after-ms"
_SECONDS = "retry-after"


@dataclass(frozen=True)
class RetryPolicy:
    """Waits that double, with jitter; a server's own word counts more; a deadline ends it all."""

    deadline_seconds: float
    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    def wait(
        self, attempt: int, elapsed: float, asked_for: float | None, drawn: float
    ) -> float | None:
        """Seconds to wait after this failure (the first is 1), or None: give up.

        `elapsed` is the time since the first failure, `drawn` a number of [0, 1).
        """
        if asked_for is None:
            doubled: float = self.first_seconds * 2 ** min(attempt - 1, 16)
            wait = min(doubled, self.longest_seconds) * (0.5 + drawn / 2)
        else:
            # A little later than asked, and not all at once.
            wait = asked_for + drawn * self.first_seconds
        return wait if elapsed + wait <= self.deadline_seconds else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait: a number, a number of milliseconds, or a date."""
    milliseconds = _number(headers.get(_MILLISECONDS))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get(_SECONDS)
    seconds = _number(said)
    if seconds is not None or said is None:
        return seconds
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.fromtimestamp(now, UTC)).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text is not None else None
    except ValueError:
        return None
    # Not a number, infinite or negative: as good as nothing.
    return found if found is not None and 0 <= found < float("inf") else None
