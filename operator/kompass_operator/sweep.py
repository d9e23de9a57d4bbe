"""Finds deletions that the watches missed.

kopf lists anew when a watch cannot be resumed (410 Gone, after minutes without an API server), and
such a listing does not tell what is no longer there: the index would keep it for ever, and a run
would wait for a Job that does not exist. An operator that finds this ends; the next one starts
with what there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from kompass_operator.cluster import Cluster

SETTLE_SECONDS: Final = 30.0
"""A deletion that a watch has not shown by then, it missed."""


class WatchesMissedDeletions(Exception):
    """The watches hold objects that do not exist."""


async def check(
    cluster: Cluster,
    known: Callable[[], set[str]],
    namespaces: Sequence[str],
    settle_seconds: float = SETTLE_SECONDS,
) -> None:
    """Raise WatchesMissedDeletions if the watches hold what the API server does not."""
    before = known()
    existing: set[str] = set()
    for namespace in namespaces or (None,):
        existing |= await cluster.uids("EvalRun", namespace)
        existing |= await cluster.uids("EvalSuite", namespace)
        existing |= await cluster.uids("Job", namespace)
    if not before - existing:
        return
    await asyncio.sleep(settle_seconds)
    missed = (before & known()) - existing
    if missed:
        message = f"{len(missed)} EvalRuns or Jobs are gone and no watch said so: starting anew"
        raise WatchesMissedDeletions(message)
