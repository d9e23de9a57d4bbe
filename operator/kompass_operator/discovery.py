"""Waits until the API server serves every kind of ours: a watch that begins sooner never begins.

kopf looks once, at its start, which kinds there are. The CRDs of a release are established one
after the other, so the group is there before all of its kinds are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from kompass_api.definitions import KINDS
from kompass_api.resources import API_VERSION
from kompass_operator.cluster import ClusterError

WATCHED_KINDS: Final = frozenset(kind.plural for kind in KINDS)
"""Plural names of the kinds of ours; the operator watches them all, or may."""
PAUSE_SECONDS: Final = 2.0
"""Between two looks."""

logger = logging.getLogger(__name__)


async def wait_for_kinds(
    served: Callable[[], Awaitable[Collection[str]]],
    *,
    wanted: frozenset[str] = WATCHED_KINDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Return once every wanted kind is served; each change of what is missing is told once."""
    told = ""
    while problem := await _problem(served, wanted):
        if problem != told:
            logger.warning("waiting: %s", problem)
            told = problem
        await asyncio.sleep(pause_seconds)


async def _problem(
    served: Callable[[], Awaitable[Collection[str]]], wanted: frozenset[str]
) -> str | None:
    try:
        missing = wanted - set(await served())
    except ClusterError as error:
        return str(error)
    if not missing:
        return None
    return f"the API server does not serve {', '.join(sorted(missing))} of {API_VERSION}"
