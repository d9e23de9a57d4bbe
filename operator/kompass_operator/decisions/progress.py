"""How far a run is, from what its shards' pages told. Pure.

A page is a courtesy: where none can be read the numbers stay as they are, and nothing else changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.progress import ShardProgress
from kompass_api.status import EvalRunStatus
from kompass_operator.conditions import Activity
from kompass_operator.failures import timestamp
from kompass_operator.observed import JobFacts, JobState, Observed, Pages
from kompass_operator.settings import Settings

GRANULARITY: Final = timedelta(seconds=60)
"""`lastProgressTime` alone is no reason to write a status more often."""


def progressed(
    status: EvalRunStatus, shards: Sequence[JobFacts | None], pages: Pages, now: datetime
) -> EvalRunStatus:
    """The status with items done, their rate, the time left, and when they last moved."""
    if not shards:
        return status
    if all(job is not None and job.state is JobState.COMPLETE for job in shards):
        return _at_rest(status, done=status.items.planned)
    if not pages.told:
        return _at_rest(status, done=status.items.done)
    done = max(status.items.done, _done(status.items.planned, shards, pages))
    rate = sum(pages.told[shard].items_per_minute for shard in pages.live)
    left = max(0, status.items.planned - done)
    items = status.items.model_copy(
        update={
            "done": done,
            "items_per_minute": rate,
            "eta_seconds": math.ceil(left * 60 / rate) if rate else None,
        }
    )
    moved = done > status.items.done and _is_old(status.last_progress_time, now)
    since = timestamp(now) if moved else status.last_progress_time
    return status.model_copy(update={"items": items, "last_progress_time": since})


def unless_stuck(
    activity: Activity,
    status: EvalRunStatus,
    shards: Iterable[JobFacts | None],
    *,
    seen: Observed,
    now: datetime,
    settings: Settings,
) -> Activity:
    """The activity, or that running shards say of themselves that they answer nothing."""
    running = [job for job in shards if job is not None and job.is_open and job.ready]
    heard = {job.shard for job in running} & seen.pages.live
    if not activity.moving or not running or len(heard) < len(running):
        return activity
    begun = [job.started or job.created for job in running]
    last = status.last_progress_time
    since = max([*begun, *([datetime.fromisoformat(last)] if last else [])])
    if now - since < timedelta(seconds=settings.no_progress_seconds):
        return activity
    minutes = int((now - since).total_seconds() // 60)
    message = (
        f"{len(running)} shards run and have answered nothing for {minutes} minutes, since "
        f"{since:%H:%M} UTC: a model that loads for long, or a model server that hangs; "
        "see the logs of their pods"
    )
    return replace(activity, reason=Reason.NO_PROGRESS, message=message, moving=False)


def _at_rest(status: EvalRunStatus, *, done: int) -> EvalRunStatus:
    speed = {"items_per_minute": None, "eta_seconds": None}
    return status.model_copy(
        update={"items": status.items.model_copy(update={"done": done, **speed})}
    )


def _done(planned: int, shards: Sequence[JobFacts | None], pages: Pages) -> int:
    """Items with an answer; a finished shard that was never heard counts as an average one."""
    known = sum(page.planned for page in pages.told.values())
    unheard = max(0, len(shards) - len(pages.told))
    average = max(0, planned - known) // unheard if unheard else 0
    done = sum(_done_of(job, pages.told.get(index), average) for index, job in enumerate(shards))
    return min(planned, done)


def _done_of(job: JobFacts | None, page: ShardProgress | None, average: int) -> int:
    if job is not None and job.state is JobState.COMPLETE:
        return page.planned if page is not None else average
    return page.done if page is not None else 0


def _is_old(stamp: str | None, now: datetime) -> bool:
    return stamp is None or now - datetime.fromisoformat(stamp) >= GRANULARITY
