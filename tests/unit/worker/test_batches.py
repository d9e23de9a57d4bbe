"""Batches shrink when the device is full, and no row is lost or computed twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kompass_api.outcomes import FailureClass
from kompass_worker.backends.batches import Batcher, OutOfDeviceMemory
from kompass_worker.errors import ModelUnusable


class Device:
    """Has room for so many rows."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.computed: list[int] = []

    def double(self, rows: Sequence[int]) -> list[int]:
        if len(rows) > self.room:
            raise OutOfDeviceMemory(f"{len(rows)} rows")
        self.computed.append(len(rows))
        return [2 * row for row in rows]


@given(count=st.integers(0, 40), size=st.integers(1, 16), room=st.integers(1, 16))
def test_every_row_has_its_result_in_order(count: int, size: int, room: int) -> None:
    device = Device(room)
    found = list(Batcher(size).run(range(count), device.double))
    assert found == [(row, 2 * row) for row in range(count)]
    assert sum(device.computed) == count


@pytest.mark.parametrize(
    ("room", "computed"),
    [
        pytest.param(8, [8, 8, 4], id="fits"),
        pytest.param(5, [4, 4, 4, 4, 4], id="halved-once"),
        pytest.param(1, [1] * 20, id="one-by-one"),
    ],
)
def test_a_batch_that_does_not_fit_is_halved_for_good(room: int, computed: list[int]) -> None:
    device = Device(room)
    list(Batcher(8).run(range(20), device.double))
    assert device.computed == computed


def test_one_row_that_does_not_fit_ends_it() -> None:
    with pytest.raises(ModelUnusable, match="even one prompt") as caught:
        list(Batcher(8).run(range(20), Device(0).double))
    assert caught.value.failure is FailureClass.DEVICE_OUT_OF_MEMORY


def test_rows_before_the_one_that_does_not_fit_are_given() -> None:
    def compute(rows: Sequence[int]) -> list[int]:
        if 3 in rows:
            raise OutOfDeviceMemory("3")
        return list(rows)

    results = Batcher(4).run(range(6), compute)
    assert [next(results), next(results), next(results)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(ModelUnusable):
        next(results)


@pytest.mark.parametrize(
    ("lengths", "computed"),
    [
        pytest.param([10] * 8, [8], id="all-fit"),
        pytest.param([40, 40, 40, 10, 10, 10, 10, 10], [2, 2, 4], id="long-ones-in-twos"),
        pytest.param([200, 10, 10], [1, 2], id="one-that-is-longer-than-all"),
        pytest.param([0, 0, 0], [3], id="nothing-to-read"),
    ],
)
def test_a_batch_has_at_most_so_many_tokens(lengths: list[int], computed: list[int]) -> None:
    device = Device(8)
    list(Batcher(8, tokens=80).run(lengths, device.double, lambda row: row))
    assert device.computed == computed
