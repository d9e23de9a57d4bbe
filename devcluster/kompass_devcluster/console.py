"""Lines that tell a person what is going on and how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "say", "step"]

_SIGN_OF_LIFE_SECONDS = 15.0
_lock = threading.Lock()


class Progress:
    """What a long step may say about itself while it runs."""

    def __init__(self) -> None:
        self.detail: Callable[[], str] = lambda: ""


def say(text: str) -> None:
    """Print one whole line to standard error, which leaves standard output to results."""
    with _lock:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextmanager
def step(text: str) -> Iterator[Progress]:
    """Print the step with its seconds once it is done, and a sign of life while it takes long."""
    started = time.monotonic()
    finished = threading.Event()
    progress = Progress()

    def tick() -> None:
        while not finished.wait(_SIGN_OF_LIFE_SECONDS):
            say(f"{_seconds(started)}  … {text} {progress.detail()}".rstrip())

    threading.Thread(target=tick, daemon=True).start()
    try:
        yield progress
    except BaseException:
        say(f"{_seconds(started)}  FAILED: {text}")
        raise
    finally:
        finished.set()
    say(f"{_seconds(started)}  {text}")


def _seconds(started: float) -> str:
    return f"{time.monotonic() - started:7.1f} s"
