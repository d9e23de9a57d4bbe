"""What goes wrong, how often, and for which request. Pure: no clock, no network.

A request's fate is drawn from the seed, what is asked and how often that was asked before: two
clients that race do not change each other's fate, and a seed that showed a bug shows it again.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What becomes of a request."""

    PASSED = "passed"
    REFUSED = "refused"
    """The connection is closed before anything happened."""
    LOST = "lost"
    """It takes effect, and the connection is closed instead of an answer."""
    STUCK = "stuck"
    """It takes no effect, and no answer ever comes."""
    FAILED = "failed"
    """The server answers with an error."""
    TRUNCATED = "truncated"
    """It takes effect, and half of the answer comes."""
    STALE = "stale"
    """A list as it was some time ago."""
    GONE = "gone"
    """A watch is told that its place in history is no longer kept (410)."""
    SILENT = "silent"
    """A watch stays open, and nothing comes."""


@dataclass(frozen=True)
class Faults:
    """Chances from 0 to 1; what is drawn first wins, and the rest pass."""

    seed: int = 0
    chances: Mapping[Fate, float] = field(default_factory=dict)
    only: str = ""
    """Only requests like this: a regular expression for `POST /apis/batch/...`."""
    statuses: tuple[int, ...] = (500, 429, 503, 504)
    retry_after_seconds: int = 1
    """What a 429 and a 503 say."""
    delay_seconds: tuple[float, float] = (0.0, 0.0)
    """How long every answer takes longer: from, to."""
    duplicated: float = 0.0
    """Chance that an event of a watch comes twice."""
    delayed: float = 0.0
    """Chance that an event of a watch comes after the one that follows it, or a second later."""
    cut: float = 0.0
    """Chance that a watch ends after an event."""


NONE: Final = Faults()
OUTAGE: Final = Faults(chances={Fate.REFUSED: 1.0})
"""Nobody answers."""


@dataclass(frozen=True)
class Verdict:
    """A request's fate."""

    fate: Fate
    delay_seconds: float
    status: int
    seed: int
    """For what is drawn later on, such as the fate of a watch's events."""


class Dice:
    """Draws the fate of one request after the other."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def draw(self, faults: Faults, request: str, *, watch: bool, held: bool) -> Verdict:
        """The fate of a request; `held` says whether an older answer could be given."""
        self._asked[request] += 1
        text = f"{faults.seed} {self._asked[request]} {request}"
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        chance = random.Random(seed)  # noqa: S311  (a test's dice)
        delay, status = chance.uniform(*faults.delay_seconds), chance.choice(faults.statuses)
        if faults.only and not re.search(faults.only, request):
            return Verdict(Fate.PASSED, 0.0, status, seed)
        return Verdict(_fate(faults, chance, watch=watch, held=held), delay, status, seed)


def _fate(faults: Faults, chance: random.Random, *, watch: bool, held: bool) -> Fate:
    impossible = set() if watch else {Fate.GONE, Fate.SILENT}
    if not held:
        impossible.add(Fate.STALE)
    for fate, wanted in faults.chances.items():
        if chance.random() < wanted and fate not in impossible:
            return fate
    return Fate.PASSED
