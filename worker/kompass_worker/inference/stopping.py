"""Being told to stop: SIGTERM and Ctrl-C end a batch at once, and never a write."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kompass_worker.errors import Stopped


class StopSignal:
    """Remembers that it was asked to stop, and breaks off what may be broken off."""

    def __init__(self) -> None:
        self._is_requested = False
        self._may_interrupt = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen to the process's signals; works in the main thread only."""
        before = {
            number: signal.signal(number, self._received)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def request(self) -> None:
        """Ask for a stop."""
        self._is_requested = True

    def check(self) -> None:
        """Raise Stopped if a stop was asked for."""
        if self._is_requested:
            raise Stopped("told to stop; what was answered is kept, and a new start goes on there")

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within, a signal raises Stopped wherever the code happens to be."""
        self.check()
        self._may_interrupt = True
        try:
            yield
        finally:
            self._may_interrupt = False

    def _received(self, number: int, _: FrameType | None) -> None:
        if self._is_requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.request()
        if self._may_interrupt:
            self._may_interrupt = False
            self.check()
