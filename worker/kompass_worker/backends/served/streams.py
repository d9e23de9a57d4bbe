"""What coroutines find, as a plain iterator: an event loop in a thread of its own.

The process's signals raise in the main thread. There the iterator waits, so a stop ends the wait at
once, and closing the iterator cancels what is under way in the thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Produce = Callable[[Callable[[T], None]], Awaitable[None]]
"""Hands each finding over to the function that it is given."""

_FAREWELL_SECONDS: Final = 5.0
"""How long cancelled requests may take to close their connections."""


@dataclass(frozen=True)
class _Found(Generic[T]):
    value: T


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


def streamed(produce: Produce[T]) -> Iterator[T]:
    """Everything that the coroutine hands over, as it comes; then what it ended with."""
    held: SimpleQueue[_Found[T] | _Ended] = SimpleQueue()
    started: Future[Callable[[], None]] = Future()

    async def main() -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert task is not None
        started.set_result(lambda: _cancel(loop, task))
        await produce(lambda value: held.put(_Found(value)))

    def work() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001  (handed to the other thread, not swallowed)
            held.put(_Ended(error))
        else:
            held.put(_Ended(None))

    # A daemon: a connection that does not close must not keep the process.
    thread = threading.Thread(target=work, name="served-model", daemon=True)
    thread.start()
    try:
        while isinstance(got := held.get(), _Found):
            yield got.value
        if got.error is not None:
            raise got.error
    finally:
        started.result()()
        thread.join(_FAREWELL_SECONDS)


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(task.cancel)
        except RuntimeError:
            # The loop was closed in between: there is nothing left to cancel.
            return
