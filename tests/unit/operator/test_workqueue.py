"""The queue, with the time in hand."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kompass_operator.workqueue import Agenda, Backoff, WorkQueue


def agenda(jitter: float = 0) -> Agenda[str]:
    return Agenda(Backoff(1, 300), lambda: jitter)


def lanes() -> Agenda[tuple[str, int]]:
    return Agenda(Backoff(1, 300), lambda: 0, lane_of=lambda key: key[0])


def test_key_that_is_added_twice_is_taken_once() -> None:
    queue = agenda()
    queue.add("a", 0)
    queue.add("a", 1)
    assert queue.take(2) == "a"
    assert queue.take(2) is None


def test_keys_are_taken_in_their_order() -> None:
    queue = agenda()
    for key in "bca":
        queue.add(key, 0)
    assert [queue.take(1) for _ in range(3)] == ["b", "c", "a"]


def test_flood_of_one_namespace_delays_another_by_no_more_than_a_turn() -> None:
    queue = lanes()
    for number in range(1000):
        queue.add(("flood", number), 0)
    queue.add(("quiet", 0), 1)
    queue.add(("other", 0), 2)
    taken = [queue.take(3) for _ in range(4)]
    assert taken == [("flood", 0), ("quiet", 0), ("other", 0), ("flood", 1)]
    assert len(queue) == 1002


def test_flood_that_goes_on_never_takes_two_turns_in_a_row() -> None:
    queue = lanes()
    for number in range(50):
        queue.add(("flood", number), 0)
        queue.add(("quiet", number), 0)
    turns = []
    for now in range(1, 61):
        key = queue.take(now)
        assert key is not None
        queue.done(key, now)
        queue.add(("flood", 1000 + now), now)
        turns.append(key[0])
    assert turns == ["flood", "quiet"] * 30


def test_oldest_wait_is_that_of_the_oldest_lane() -> None:
    queue = lanes()
    queue.add(("a", 0), 1)
    queue.add(("b", 0), 2)
    assert queue.oldest_wait(5) == 4
    queue.take(5)
    assert queue.oldest_wait(5) == 3


def test_key_that_is_added_while_it_runs_runs_once_more_afterwards() -> None:
    queue = agenda()
    queue.add("a", 0)
    queue.take(0)
    queue.add("a", 1)
    queue.add("a", 1)
    assert queue.take(2) is None
    queue.done("a", 3)
    assert queue.take(3) == "a"
    queue.done("a", 4)
    assert queue.take(4) is None


def test_delayed_key_is_taken_when_it_is_due() -> None:
    queue = agenda()
    queue.add_after("a", 10, 0)
    assert queue.next_due() == 10
    assert queue.take(9.9) is None
    assert queue.take(10) == "a"
    assert queue.next_due() is None


@pytest.mark.parametrize("delays", [(10, 3), (3, 10)], ids=["sooner-later", "later-sooner"])
def test_earliest_wish_counts(delays: tuple[float, float]) -> None:
    queue = agenda()
    for delay in delays:
        queue.add_after("a", delay, 0)
    assert queue.take(3) == "a"
    queue.done("a", 3)
    assert queue.take(10) is None


def test_key_that_is_due_while_it_runs_waits_for_its_end() -> None:
    queue = agenda()
    queue.add("a", 0)
    queue.take(0)
    queue.add_after("a", 1, 0)
    assert queue.take(2) is None
    queue.done("a", 3)
    assert queue.take(3) == "a"


def test_failing_key_waits_longer_each_time_up_to_five_minutes() -> None:
    queue = agenda()
    delays = [queue.retry("a", 0) for _ in range(12)]
    assert delays[:4] == [1, 2, 4, 8]
    assert delays[-1] == 300
    queue.forget("a")
    assert queue.retry("a", 0) == 1


def test_failing_key_waits_at_least_as_long_as_the_server_asks() -> None:
    queue = agenda()
    assert queue.retry("a", 0, at_least=7) == 7
    assert queue.take(6.9) is None
    assert queue.take(7) == "a"
    assert [queue.retry("a", 7, at_least=1) for _ in range(3)] == [2, 4, 8]


def test_jitter_keeps_keys_apart() -> None:
    assert agenda(1).retry("a", 0) == pytest.approx(1.2)


def test_oldest_wait_is_that_of_the_first_ready_key() -> None:
    queue = agenda()
    assert queue.oldest_wait(5) == 0
    queue.add("a", 1)
    queue.add("b", 4)
    assert queue.oldest_wait(5) == 4


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "after", "take", "done", "retry"]), st.sampled_from("abc")
        ),
        max_size=60,
    )
)
def test_no_key_runs_twice_at_once_and_none_is_lost(steps: list[tuple[str, str]]) -> None:
    queue = agenda()
    running: set[str] = set()
    wanted: set[str] = set()
    for now, (step, key) in enumerate(steps):
        if step == "take":
            taken = queue.take(now)
            assert taken not in running
            if taken is not None:
                running.add(taken)
                wanted.discard(taken)
        elif step == "done":
            if key in running:
                running.discard(key)
                queue.done(key, now)
        else:
            if step == "after":
                queue.add_after(key, 5, now)
            elif step == "retry":
                queue.retry(key, now)
            else:
                queue.add(key, now)
            wanted.add(key)
    late = len(steps) + 10_000
    for key in running:
        queue.done(key, late)
    left = set()
    while (taken := queue.take(late)) is not None:
        left.add(taken)
    assert wanted <= left


async def test_worker_wakes_for_a_key_and_for_a_delay() -> None:
    loop = asyncio.get_running_loop()
    queue: WorkQueue[str] = WorkQueue(agenda(), loop.time)
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    assert await taking == "a"
    queue.done("a")
    queue.add_after("b", 0.01)
    assert await asyncio.wait_for(queue.take(), 5) == "b"


async def test_every_worker_gets_a_key_of_its_own() -> None:
    loop = asyncio.get_running_loop()
    queue: WorkQueue[str] = WorkQueue(agenda(), loop.time)
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in "abc":
        queue.add(key)
    assert sorted(await asyncio.gather(*workers)) == ["a", "b", "c"]
