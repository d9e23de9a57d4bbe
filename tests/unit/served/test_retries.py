"""When a failed request is tried again, and when not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from unit.served.clocks import ToldClock

from kompass_worker.backends.served.limits import Limiter
from kompass_worker.backends.served.patience import Patience
from kompass_worker.backends.served.retries import RetryPolicy, retry_after
from kompass_worker.backends.served.troubles import Kind, Trouble

NOON = 1_700_000_000.0
"""Tue, 14 Nov 2023 22:13:20 GMT."""


@pytest.mark.parametrize(
    ("attempt", "elapsed", "asked_for", "drawn", "expected"),
    [
        pytest.param(1, 0, None, 0.0, 0.5, id="half-a-second-at-least"),
        pytest.param(1, 0, None, 0.5, 0.75, id="jitter"),
        pytest.param(3, 0, None, 0.0, 2.0, id="doubles"),
        pytest.param(99, 0, None, 0.0, 30.0, id="no-longer-than-a-minute"),
        pytest.param(1, 0, 7.0, 0.0, 7.0, id="as-the-server-asks"),
        pytest.param(1, 0, 7.0, 0.5, 7.5, id="a-little-later-than-asked"),
        pytest.param(5, 99, None, 0.0, None, id="the-deadline-ends-it"),
        pytest.param(1, 0, 101.0, 0.0, None, id="asked-to-come-back-after-the-deadline"),
    ],
)
def test_waits(
    attempt: int, elapsed: float, asked_for: float | None, drawn: float, expected: float | None
) -> None:
    policy = RetryPolicy(deadline_seconds=100)
    assert policy.wait(attempt, elapsed, asked_for, drawn) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "20"}, 20, id="seconds"),
        pytest.param({"retry-after": "1.5"}, 1.5, id="a-fraction"),
        pytest.param({"retry-after-ms": "250", "retry-after": "9"}, 0.25, id="milliseconds"),
        pytest.param({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30, id="a-date"),
        pytest.param({"retry-after": "Tue, 14 Nov 2023 22:13:50 -0000"}, 30, id="a-bare-date"),
        pytest.param({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0, id="a-date-gone-by"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "nan"}, None, id="no-number"),
        pytest.param({"retry-after": "inf"}, None, id="for-ever"),
        pytest.param({"retry-after": "-3"}, None, id="backwards"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_retry_after(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOON) == seconds


class Server:
    """Fails as told, then answers."""

    def __init__(self, *troubles: Trouble) -> None:
        self.left = list(troubles)
        self.asked = 0

    async def answer(self) -> str:
        self.asked += 1
        if self.left:
            raise self.left.pop(0)
        return "fine"


def patience(clock: ToldClock, deadline: float = 100) -> Patience:
    return Patience(Limiter(clock), RetryPolicy(deadline), draw=lambda: 0.0)


@pytest.mark.parametrize(
    ("troubles", "slept"),
    [
        pytest.param([], [], id="at-once"),
        pytest.param([Trouble(Kind.BROKEN, "500")], [0.5], id="broken-once"),
        pytest.param(
            [Trouble(Kind.AWAY, "a"), Trouble(Kind.AWAY, "b")], [0.5, 1.0], id="away-twice"
        ),
        pytest.param([Trouble(Kind.BUSY, "429", wait_seconds=20)], [20], id="busy"),
    ],
)
async def test_what_passes_is_waited_for(troubles: list[Trouble], slept: list[float]) -> None:
    clock = ToldClock()
    server = Server(*troubles)
    assert await patience(clock).carry_out(server.answer) == "fine"
    assert clock.slept == pytest.approx(slept)
    assert server.asked == len(troubles) + 1


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.BUSY, Kind.BROKEN, Kind.AWAY}))
async def test_what_does_not_pass_is_asked_once(kind: Kind) -> None:
    server = Server(Trouble(kind, "no"))
    with pytest.raises(Trouble):
        await patience(ToldClock()).carry_out(server.answer)
    assert server.asked == 1


async def test_the_deadline_counts_from_the_first_failure() -> None:
    clock = ToldClock()
    server = Server(*[Trouble(Kind.BROKEN, str(i)) for i in range(99)])
    with pytest.raises(Trouble):
        await patience(clock, deadline=10).carry_out(server.answer)
    assert sum(clock.slept) <= 10
    assert server.asked == 5
