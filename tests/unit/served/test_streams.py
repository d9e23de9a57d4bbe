"""An event loop in a thread, as a plain iterator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from kompass_worker.backends.served.streams import streamed


def test_findings_come_as_they_are_handed_over() -> None:
    async def produce(hand_over: Callable[[int], None]) -> None:
        for i in range(3):
            hand_over(i)
            await asyncio.sleep(0)

    assert list(streamed(produce)) == [0, 1, 2]


def test_an_error_comes_after_what_was_found_before_it() -> None:
    async def produce(hand_over: Callable[[int], None]) -> None:
        hand_over(1)
        await asyncio.sleep(0)
        raise ValueError("broken")

    found = streamed(produce)
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_closing_cancels_what_is_under_way() -> None:
    cancelled = threading.Event()

    async def produce(hand_over: Callable[[int], None]) -> None:
        hand_over(1)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    found = streamed(produce)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert cancelled.is_set()
    assert not [held for held in threading.enumerate() if held.name == "served-model"]
