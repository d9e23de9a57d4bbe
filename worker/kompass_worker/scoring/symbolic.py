"""Whether two answers are the same formula, worked out by processes that can be ended.

A comparison may take for ever or all memory (`9^{9^{9}}`): it runs in a process of its own with a
limit of memory, which is killed at the deadline. math-verify's own time-outs need SIGALRM in the
main thread and are turned off. The processes are kept for the next comparison, as many as there are
threads that compare at the same time.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from kompass_worker.errors import WorkerError
from kompass_worker.scoring.symbolic_process import serve

_START_SECONDS: Final = 120.0
"""To load sympy, on a busy machine."""


class Outcome(StrEnum):
    """What came of a comparison."""

    SAME = "same"
    DIFFERENT = "different"
    UNREADABLE = "unreadable"
    """The reference is no formula."""
    FAILED = "failed"
    """The comparison ended with an error, such as too little memory."""
    TOO_SLOW = "too slow"


@dataclass
class _Comparer:
    process: BaseProcess
    connection: Connection

    def ask(self, question: str, seconds: float) -> Outcome | None:
        """The outcome; None where the process has to be ended."""
        try:
            self.connection.send_bytes(question.encode())
            if not self.connection.poll(seconds):
                return None
            return Outcome(self.connection.recv_bytes().decode())
        except (EOFError, OSError):
            return Outcome.FAILED

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class Comparers:
    """Processes that compare; threads may share them."""

    def __init__(self, start: Callable[[], _Comparer] | None = None) -> None:
        self._start = start or _started
        self._idle: queue.SimpleQueue[_Comparer] = queue.SimpleQueue()

    def compare(
        self, given: str, reference: str, *, as_opencompass: bool, seconds: float
    ) -> Outcome:
        """Whether both are the same formula, within so many seconds."""
        question = json.dumps(
            {"given": given, "reference": reference, "as_opencompass": as_opencompass}
        )
        comparer = self._taken()
        outcome = comparer.ask(question, seconds)
        if outcome is None or not comparer.process.is_alive():
            comparer.end()
        else:
            self._idle.put(comparer)
        return outcome or Outcome.TOO_SLOW

    def end(self) -> None:
        """End the idle processes."""
        while not self._idle.empty():
            self._idle.get().end()

    def _taken(self) -> _Comparer:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._start()


def _started() -> _Comparer:
    # A server that has loaded sympy once makes the processes: one that was ended is soon replaced.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kompass_worker.scoring.symbolic_process", "math_verify"])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    until = time.monotonic() + _START_SECONDS
    while not ours.poll(1.0):
        if not process.is_alive() or time.monotonic() > until:
            process.kill()
            raise WorkerError(
                "the process that compares formulas did not start: see its error output above"
            )
    ours.recv_bytes()
    return _Comparer(process, ours)


COMPARERS: Final = Comparers()
"""The ones that metrics share."""

atexit.register(COMPARERS.end)
