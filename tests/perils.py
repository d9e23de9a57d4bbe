"""A cluster whose caller may die before a request takes effect, or before it hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

Moment = Literal["never", "before", "after"]


class Died(Exception):
    """The operator's process is gone."""


class Perilous:
    """Passes every call on to a cluster; once its caller has died, none any more."""

    def __init__(self, inner: object, moment: Callable[[], Moment]) -> None:
        self._inner = inner
        self._moment = moment
        self._dead = False

    def __getattr__(self, name: str) -> Any:
        """The same call of the cluster within."""
        return lambda *given, **named: self._call(name, *given, **named)

    async def _call(self, name: str, *given: Any, **named: Any) -> Any:
        moment = self._moment()
        self._die(moment == "before")
        answer = await getattr(self._inner, name)(*given, **named)
        self._die(moment == "after")
        await asyncio.sleep(0)
        return answer

    def _die(self, now: bool) -> None:
        self._dead = self._dead or now
        if self._dead:
            raise Died
