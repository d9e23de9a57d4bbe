"""The backend of served models: many requests at a time, answers as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from kompass_api.results import Environment, Prediction
from kompass_worker.backends.served.asking import Asker
from kompass_worker.backends.served.redaction import Redactor
from kompass_worker.backends.served.streams import streamed
from kompass_worker.backends.served.troubles import Trouble, error_of
from kompass_worker.prompts.requests import Group, Request, ungrouped

Opened = Callable[[Sequence[Request]], AbstractAsyncContextManager[Asker]]
"""A connection for these requests; fails where the server cannot do what they ask."""


@dataclass(frozen=True)
class ServedBackend:
    """A model that runs elsewhere."""

    opened: Opened
    concurrency: int
    place: str
    """Model and server, for messages."""
    redactor: Redactor
    environment: Environment

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers as they come; the first failure that stays one ends them."""
        requests = ungrouped(groups)
        if not requests:
            return iter(())
        return streamed(lambda hand_over: self._ask_all(requests, hand_over))

    async def _ask_all(
        self, requests: Sequence[Request], hand_over: Callable[[Prediction], None]
    ) -> None:
        left = iter(requests)
        try:
            async with self.opened(requests) as asker:
                await _side_by_side(
                    self._worker(asker, left, hand_over)
                    for _ in range(min(self.concurrency, len(requests)))
                )
        except Trouble as trouble:
            raise error_of(trouble, self.place, self.redactor) from trouble

    async def _worker(
        self, asker: Asker, left: Iterator[Request], hand_over: Callable[[Prediction], None]
    ) -> None:
        for request in left:
            try:
                prediction = await asker.answer(request)
            except Trouble as trouble:
                raise error_of(trouble, self.place, self.redactor, item=request.item) from trouble
            hand_over(prediction)


async def _side_by_side(workers: Iterable[Coroutine[None, None, None]]) -> None:
    """Run them all; the first error ends the others and comes back as it is."""
    tasks = [asyncio.create_task(worker) for worker in workers]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
