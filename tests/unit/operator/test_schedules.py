"""When a suite is due, where clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kompass_api.evalsuite import Schedule
from kompass_operator.suites.schedules import last_time, minute, next_time

BERLIN = "Europe/Berlin"
"""Clocks go from 2 to 3 on 29 March 2026 at 01:00 UTC, and back on 25 October."""


def utc(text: str) -> datetime:
    """A time in 2026 (UTC)."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "last", "coming"),
    [
        pytest.param("30 2 * * *", "Etc/UTC", "05-05T02:30", "05-05T02:30", "05-06T02:30", id="on"),
        pytest.param(
            "30 2 * * *", "Etc/UTC", "05-05T02:29", "05-04T02:30", "05-05T02:30", id="off"
        ),
        pytest.param(
            "0 9 * * MON", "Asia/Shanghai", "05-06T00:00", "05-04T01:00", "05-11T01:00", id="zone"
        ),
        pytest.param("30 2 * * *", BERLIN, "03-29T00:59", "03-28T01:30", "03-29T01:00", id="gap"),
        pytest.param(
            "30 2 * * *", BERLIN, "03-29T01:00", "03-29T01:00", "03-30T00:30", id="gap-on"
        ),
        pytest.param("30 2 * * *", BERLIN, "10-25T00:30", "10-25T00:30", "10-26T01:30", id="twice"),
        pytest.param(
            "30 2 * * *", BERLIN, "10-25T01:30", "10-25T00:30", "10-26T01:30", id="twice-later"
        ),
        pytest.param("0 * * * *", BERLIN, "10-25T01:30", "10-25T01:00", "10-25T02:00", id="hourly"),
    ],
)
def test_scenario_31_times_where_clocks_change(
    cron: str, zone: str, now: str, last: str, coming: str
) -> None:
    schedule = Schedule(cron=cron, time_zone=zone)
    assert last_time(schedule, utc(now)) == utc(last)
    assert next_time(schedule, utc(now)) == utc(coming)


def test_the_minute_names_a_time() -> None:
    assert minute(datetime(1970, 1, 1, 1, 1, 59, tzinfo=UTC)) == 61
