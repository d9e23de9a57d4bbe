"""When a suite is due. Pure: the time is handed in.

Only the last time before now is looked for, so that years of missed times cost as much as one, and
a clock that jumps ahead starts one set of runs. Where clocks are put forward, a time that does not
exist is made up for right after; where they are put back, one that comes twice counts once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from kompass_api.evalsuite import Schedule


class InvalidSchedule(ValueError):
    """No clock ever shows this time, or nobody knows the time zone."""


def last_time(schedule: Schedule, now: datetime) -> datetime:
    """The last time that is not after now (UTC)."""
    return _step(schedule, now + timedelta(seconds=1), reverse=True)


def next_time(schedule: Schedule, now: datetime) -> datetime:
    """The first time after now (UTC)."""
    return _step(schedule, now, reverse=False)


def minute(moment: datetime) -> int:
    """Minutes since 1970."""
    return int(moment.timestamp()) // 60


def _step(schedule: Schedule, start: datetime, *, reverse: bool) -> datetime:
    local = start.replace(microsecond=0).astimezone(_zone(schedule.time_zone))
    try:
        return next(CronSim(schedule.cron, local, reverse=reverse)).astimezone(UTC)
    except (CronSimError, StopIteration) as error:
        message = (
            f"spec.schedule.cron {schedule.cron!r} is no time that comes ({error}): five fields, "
            "minute, hour, day of month, month and day of week, such as 30 2 * * MON-FRI"
        )
        raise InvalidSchedule(message) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"spec.schedule.timeZone {name!r} is not in the time zone database"
        raise InvalidSchedule(message) from error
