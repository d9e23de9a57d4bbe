"""The proxy in a thread of its own, for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from faults.proxy import Proxy
from faults.upstream import Upstream


@contextmanager
def proxied(upstream: Upstream, *, keep_host: bool = False) -> Iterator[Proxy]:
    """A proxy that serves until the block ends; its faults may be set from any thread."""
    proxy = Proxy(upstream, keep_host=keep_host)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with proxy:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        if not ready.wait(10):
            message = "the proxy did not start to listen within 10 s"
            raise TimeoutError(message)
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
