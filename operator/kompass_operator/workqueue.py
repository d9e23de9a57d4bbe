"""A queue of keys that want attention: each once, one worker a key, back-off for what fails.

Keys stand in lanes, one a namespace, and the lanes take turns: a key waits for at most one key of
every other lane, and for those before it in its own. `Agenda` is the pure part: it is told the
time. `WorkQueue` waits on a real clock around it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)


class QueueMeter(Protocol):
    """Counts what happens to a queue."""

    def added(self) -> None:
        """A key was put in."""

    def taken(self, waited_seconds: float) -> None:
        """A key was taken out after so long."""

    def retried(self) -> None:
        """A key failed and will come back."""


@dataclass(frozen=True)
class Backoff:
    """How long a failing key waits: doubling, with jitter so that keys drift apart."""

    first_seconds: float = 1
    longest_seconds: float = 300

    def delay(self, failures: int, jitter: float) -> float:
        """Seconds after so many failures in a row; `jitter` from 0 to 1 adds up to a fifth."""
        doubled = self.first_seconds * 2 ** min(failures - 1, 30)
        return float(min(doubled * (1 + jitter / 5), self.longest_seconds))


def one_lane(_key: object) -> Hashable:
    """Every key in the same lane: first come, first served."""
    return None


class Agenda(Generic[K]):
    """Which keys are ready, running, or due later."""

    def __init__(
        self,
        backoff: Backoff,
        jitter: Callable[[], float],
        lane_of: Callable[[K], Hashable] = one_lane,
    ) -> None:
        self._backoff = backoff
        self._jitter = jitter
        self._lane_of = lane_of
        self._ready: OrderedDict[Hashable, OrderedDict[K, float]] = OrderedDict()
        """The ready keys of each lane, the lane whose turn it is first."""
        self._running: set[K] = set()
        self._dirty: set[K] = set()
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = itertools.count()
        self._failures: dict[K, int] = {}

    def add(self, key: K, now: float) -> None:
        """The key wants attention now; while it runs, once more afterwards."""
        if key in self._running:
            self._dirty.add(key)
        else:
            self._ready.setdefault(self._lane_of(key), OrderedDict()).setdefault(key, now)
        self._due.pop(key, None)

    def add_after(self, key: K, seconds: float, now: float) -> None:
        """The key wants attention later; the earliest wish counts."""
        if key in self._ready.get(self._lane_of(key), ()) or key in self._dirty:
            return
        at = now + max(0.0, seconds)
        if at < self._due.get(key, float("inf")):
            self._due[key] = at
            heapq.heappush(self._heap, (at, next(self._order), key))

    def retry(self, key: K, now: float, *, at_least: float = 0.0) -> float:
        """The key failed and comes back after its back-off, which is returned."""
        self._failures[key] = self._failures.get(key, 0) + 1
        delay = max(at_least, self._backoff.delay(self._failures[key], self._jitter()))
        self.add_after(key, delay, now)
        return delay

    def failures(self, key: K) -> int:
        """How often in a row the key failed."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """The key succeeded: its next failure is the first again."""
        self._failures.pop(key, None)

    def take(self, now: float) -> K | None:
        """The next ready key, which runs until `done`."""
        self._wake(now)
        if not self._ready:
            return None
        lane, keys = self._ready.popitem(last=False)
        key, _ = keys.popitem(last=False)
        if keys:
            self._ready[lane] = keys
        self._running.add(key)
        return key

    def done(self, key: K, now: float) -> None:
        """The key's run is over."""
        self._running.discard(key)
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key, now)

    def next_due(self) -> float | None:
        """When the next delayed key is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def oldest_wait(self, now: float) -> float:
        """Seconds that the oldest ready key has waited."""
        return now - min(self._first_times(), default=now)

    def sizes(self) -> dict[str, int]:
        """Keys that are ready, running, and due later."""
        return {
            "ready": sum(len(keys) for keys in self._ready.values()),
            "running": len(self._running),
            "delayed": len(self._due),
        }

    def __len__(self) -> int:
        return sum(self.sizes().values())

    def _first_times(self) -> Iterator[float]:
        return (next(iter(keys.values())) for keys in self._ready.values())

    def _wake(self, now: float) -> None:
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            _, _, key = heapq.heappop(self._heap)
            self._due.pop(key, None)
            self.add(key, now)
            self._drop_stale()

    def _drop_stale(self) -> None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)


class WorkQueue(Generic[K]):
    """An agenda on the event loop's clock."""

    def __init__(
        self, agenda: Agenda[K], clock: Callable[[], float], meter: QueueMeter | None = None
    ) -> None:
        self._agenda = agenda
        self._clock = clock
        self._meter = meter
        self._changed = asyncio.Event()

    def add(self, key: K) -> None:
        """The key wants attention now."""
        self._agenda.add(key, self._clock())
        self._changed.set()
        if self._meter is not None:
            self._meter.added()

    def add_after(self, key: K, seconds: float) -> None:
        """The key wants attention later."""
        self._agenda.add_after(key, seconds, self._clock())
        self._changed.set()

    def retry(self, key: K, *, at_least: float = 0.0) -> float:
        """The key failed; the seconds until it comes back."""
        delay = self._agenda.retry(key, self._clock(), at_least=at_least)
        self._changed.set()
        if self._meter is not None:
            self._meter.retried()
        return delay

    def failures(self, key: K) -> int:
        """How often in a row the key failed."""
        return self._agenda.failures(key)

    def forget(self, key: K) -> None:
        """The key succeeded."""
        self._agenda.forget(key)

    def done(self, key: K) -> None:
        """The key's run is over."""
        self._agenda.done(key, self._clock())
        self._changed.set()

    def oldest_wait(self) -> float:
        """Seconds that the oldest ready key has waited."""
        return self._agenda.oldest_wait(self._clock())

    def sizes(self) -> dict[str, int]:
        """Keys that are ready, running, and due later."""
        return self._agenda.sizes()

    async def take(self) -> K:
        """The next key, as soon as there is one."""
        while True:
            # What is taken is what has waited longest.
            waited = self.oldest_wait()
            key = self._agenda.take(self._clock())
            if key is not None:
                if self._meter is not None:
                    self._meter.taken(waited)
                return key
            self._changed.clear()
            await self._wait()

    async def _wait(self) -> None:
        due = self._agenda.next_due()
        timeout = None if due is None else max(0.0, due - self._clock())
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return
