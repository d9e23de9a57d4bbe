"""Requests and tokens a minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.served.clocks import ToldClock

from kompass_worker.backends.served.limits import Bucket, Limiter


@pytest.mark.parametrize(
    ("per_minute", "amounts", "waits"),
    [
        pytest.param(60, [1, 1, 1], [0, 1, 2], id="one-a-second"),
        pytest.param(600, [1] * 11, [0] * 10 + [0.1], id="a-second-at-once"),
        pytest.param(6, [1, 1], [0, 10], id="slow"),
        pytest.param(60, [5, 1], [4, 5], id="more-than-fits-waits-for-all-of-it"),
    ],
)
def test_a_bucket_says_how_long_to_wait(
    per_minute: float, amounts: list[float], waits: list[float]
) -> None:
    bucket = Bucket(per_minute)
    assert [bucket.take(amount, now=0.0) for amount in amounts] == pytest.approx(waits)


def test_a_bucket_fills_no_further_than_its_brim() -> None:
    bucket = Bucket(60)
    bucket.take(1, now=0.0)
    assert bucket.take(1, now=3600.0) == 0
    assert bucket.take(1, now=3600.0) == pytest.approx(1)


def test_what_was_not_used_can_be_taken_again() -> None:
    bucket = Bucket(6000)
    bucket.take(100, now=0.0)
    bucket.give_back(40)
    assert bucket.take(40, now=0.0) == 0
    assert bucket.take(1, now=0.0) > 0


@given(
    per_minute=st.integers(1, 100_000),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_no_minute_has_more_than_its_limit_and_a_burst(
    per_minute: int, steps: list[tuple[float, int]]
) -> None:
    bucket = Bucket(per_minute)
    now = 0.0
    admitted: list[tuple[float, int]] = []
    for pause, amount in steps:
        now += pause
        now += bucket.take(amount, now)
        admitted.append((now, amount))
    largest = max(amount for _, amount in steps)
    for start, _ in admitted:
        within = sum(amount for at, amount in admitted if start <= at < start + 60)
        assert within <= per_minute + bucket.capacity + largest + 1e-6


async def test_the_slower_of_both_limits_decides() -> None:
    clock = ToldClock()
    limiter = Limiter(clock, Bucket(60), Bucket(600))
    for _ in range(3):
        await limiter.admit(20)
    assert clock.slept == pytest.approx([1, 2, 2])


async def test_a_pause_holds_everyone() -> None:
    clock = ToldClock()
    limiter = Limiter(clock)
    limiter.pause(7)
    await limiter.admit(1)
    await limiter.admit(1)
    assert clock.slept == [7]


async def test_tokens_that_were_reserved_for_nothing_come_back() -> None:
    clock = ToldClock()
    limiter = Limiter(clock, tokens=Bucket(6000))
    await limiter.admit(100)
    limiter.correct(reserved=100, used=10)
    await limiter.admit(90)
    assert clock.slept == []
