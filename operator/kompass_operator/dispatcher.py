"""Works the queue: so many passes at a time, never two over the same run, and a resync."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from kompass_operator.cluster import ClusterError, Conflict, Unavailable
from kompass_operator.reconciler import Outcome
from kompass_operator.settings import Settings
from kompass_operator.views import Key
from kompass_operator.workqueue import WorkQueue

STUCK_SECONDS: Final = 600.0
"""A ready run that waits for so long means that the workers hang."""
LAG_SECONDS: Final = 30.0
"""An event loop this late serves nobody."""
SOON_SECONDS: Final = 1.0
PULSE_SECONDS: Final = 1.0
ALARM_AFTER: Final = 5
"""Passes of a run that fail by a bug in a row before people are told."""

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Key)


@dataclass(frozen=True)
class Upkeep(Generic[K]):
    """What is done now and then for the sake of what was missed."""

    active_runs: Callable[[], Iterable[K]]
    """Runs that have not finished."""
    check: Callable[[], Awaitable[None]]
    """Raises when the operator has to start anew."""
    alarm: Callable[[K, Exception], Awaitable[None]]
    """Tells people of a run whose passes keep failing by a bug."""


class PassMeter(Protocol):
    """Counts passes and how late the event loop is."""

    def passed(self, result: str, seconds: float) -> None:
        """A pass is over: success, refused, conflict, error or bug."""

    def loop_was_late(self, seconds: float) -> None:
        """The event loop came back so much later than it was asked to."""


class Dispatcher(Generic[K]):
    """The workers of a queue."""

    def __init__(
        self,
        queue: WorkQueue[K],
        reconcile: Callable[[K], Awaitable[Outcome]],
        settings: Settings,
        upkeep: Upkeep[K],
        jitter: Callable[[], float],
        *,
        meter: PassMeter | None = None,
    ) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._settings = settings
        self._upkeep = upkeep
        self._jitter = jitter
        self._meter = meter
        self._beat = time.monotonic()

    async def serve(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._resync(), name="resync")
            tasks.create_task(self._pulse(), name="pulse")
            tasks.create_task(self._sweep(), name="sweep")
            for number in range(self._settings.workers):
                tasks.create_task(self._work(), name=f"worker {number}")

    def illness(self) -> str | None:
        """Why the operator should be started anew, if it should."""
        lag = time.monotonic() - self._beat
        if lag > LAG_SECONDS:
            return f"the event loop is {lag:.0f} s late"
        waited = self._queue.oldest_wait()
        if waited > STUCK_SECONDS:
            return f"a run has waited {waited:.0f} s for a worker"
        return None

    async def _work(self) -> None:
        while True:
            key = await self._queue.take()
            try:
                await self._pass(key)
            finally:
                self._queue.done(key)

    async def _pass(self, key: K) -> None:
        began = time.monotonic()
        result = await self._result_of_pass(key)
        if self._meter is not None:
            self._meter.passed(result, time.monotonic() - began)

    async def _result_of_pass(self, key: K) -> str:
        about = {"run": key.name, "namespace": key.namespace}
        try:
            outcome = await self._reconcile(key)
        except Conflict:
            # The run has changed since it was seen; the watch is about to say how.
            self._queue.add_after(key, SOON_SECONDS)
            return "conflict"
        except ClusterError as error:
            later = error.later_seconds if isinstance(error, Unavailable) else 0.0
            delay = self._queue.retry(key, at_least=later)
            logger.warning("pass failed, next in %.0f s: %s", delay, error, extra=about)
            return "error"
        except Exception as error:
            delay = self._queue.retry(key)
            logger.exception("pass failed by a bug, next in %.0f s", delay, extra=about)
            if self._queue.failures(key) == ALARM_AFTER:
                await self._sound_alarm(key, error)
            return "bug"
        if outcome.refused:
            self._queue.retry(key)
            return "refused"
        self._queue.forget(key)
        if outcome.again_seconds is not None:
            self._queue.add_after(key, outcome.again_seconds)
        return "success"

    async def _sound_alarm(self, key: K, error: Exception) -> None:
        try:
            await self._upkeep.alarm(key, error)
        except ClusterError as trouble:
            logger.warning("Event was not written: %s", trouble)

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(self._settings.resync_seconds * (0.9 + self._jitter() / 5))
            for key in self._upkeep.active_runs():
                self._queue.add_after(key, self._jitter() * self._settings.resync_seconds / 10)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.sweep_seconds * (0.9 + self._jitter() / 5))
            try:
                await self._upkeep.check()
            except ClusterError as error:
                logger.warning("sweep failed: %s", error)

    async def _pulse(self) -> None:
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(PULSE_SECONDS)
            if self._meter is not None:
                self._meter.loop_was_late(time.monotonic() - self._beat - PULSE_SECONDS)
