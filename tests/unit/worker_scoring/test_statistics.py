"""Means with their uncertainty."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kompass_api.results import Interval
from kompass_api.scoring import GroupMean
from kompass_worker.scoring.statistics import (
    Estimate,
    estimate,
    group_mean,
    jackknifed,
    plain_mean,
    wilson,
)

SHARES = st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=300)


@given(SHARES)
def test_the_standard_error_is_that_of_scipy(values: list[float]) -> None:
    assert estimate(values).stderr == pytest.approx(100 * stats.sem(values), abs=1e-9)


@given(SHARES)
def test_the_interval_of_a_share_is_wilsons_as_scipy_has_it(values: list[float]) -> None:
    wanted = stats.binomtest(int(sum(values)), len(values)).proportion_ci(method="wilson")
    found = estimate(values).interval
    assert found is not None
    assert found.low == pytest.approx(100 * wanted.low, abs=1e-9)
    assert found.high == pytest.approx(100 * wanted.high, abs=1e-9)


@given(st.lists(st.floats(min_value=0.01, max_value=0.99), min_size=2, max_size=100))
def test_the_interval_of_another_mean_is_normal(values: list[float]) -> None:
    found = estimate(values)
    assert found.interval is not None
    wanted = stats.norm.interval(0.95, loc=found.value, scale=found.stderr or 1e-12)
    assert found.interval.low == pytest.approx(max(0, wanted[0]), abs=1e-6)
    assert found.interval.high == pytest.approx(min(100, wanted[1]), abs=1e-6)


def test_a_share_of_all_still_has_an_interval() -> None:
    found = wilson(1.0, 10)
    assert (round(found.low, 2), found.high) == (72.25, 100.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], Estimate(None, None, None), id="nothing"),
        pytest.param([1.0], Estimate(100.0, None, None), id="one-value-has-no-error-bar"),
    ],
)
def test_what_cannot_be_said_is_none(values: list[float], expected: Estimate) -> None:
    assert estimate(values) == expected


def test_a_mean_of_means_counts_every_part_alike() -> None:
    parts = [estimate([1.0] * 30 + [0.0] * 10), estimate([1.0, 0.0])]
    found = group_mean(GroupMean.NAIVE_AVERAGE, parts)
    assert found.value == 62.5
    assert found.stderr == pytest.approx(
        100 * math.hypot(stats.sem([1.0] * 30 + [0.0] * 10), stats.sem([1.0, 0.0])) / 2
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([], Estimate(None, None, None), id="no-part"),
        pytest.param([estimate([1.0, 1.0]), estimate([])], Estimate(None, None, None), id="a-gap"),
        pytest.param(
            [estimate([1.0]), estimate([0.0, 0.0])], Estimate(50.0, None, None), id="no-error-bar"
        ),
    ],
)
def test_a_mean_of_means_says_no_more_than_its_parts(
    parts: list[Estimate], expected: Estimate
) -> None:
    assert group_mean(GroupMean.NAIVE_AVERAGE, parts) == expected


def test_means_are_added_from_left_to_right() -> None:
    # fsum, and sum() since Python 3.12, would not lose the one in the middle.
    parts = [Estimate(value, None, None) for value in (1e16, 1.0, -1e16)]
    assert group_mean(GroupMean.NAIVE_AVERAGE, parts).value == 0.0


PARTS = [Estimate(80.0, 2.0, None), Estimate(40.0, 1.0, None), Estimate(50.0, 2.0, None)]
VALUES = [80.0, 40.0, 50.0]


@pytest.mark.parametrize(
    ("mean", "weights", "value", "stderr"),
    [
        pytest.param(GroupMean.NAIVE_AVERAGE, [], 170 / 3, 1.0, id="naive"),
        pytest.param(GroupMean.NAIVE_AVERAGE, [9, 9, 1], 170 / 3, 1.0, id="naive-has-no-weights"),
        pytest.param(GroupMean.WEIGHTED_AVERAGE, [1, 2, 1], 52.5, math.sqrt(3) / 2, id="weighted"),
        pytest.param(GroupMean.SUM, [], 170.0, 3.0, id="sum"),
        pytest.param(
            GroupMean.STANDARD_DEVIATION, [], statistics.pstdev(VALUES), None, id="deviation"
        ),
        pytest.param(
            GroupMean.HARMONIC_MEAN,
            [],
            statistics.harmonic_mean(VALUES),
            # Changing each part by its error and taking the mean again, added in squares.
            math.hypot(
                *(
                    (
                        statistics.harmonic_mean([v + e * (i == j) for j, v in enumerate(VALUES)])
                        - statistics.harmonic_mean([v - e * (i == j) for j, v in enumerate(VALUES)])
                    )
                    / 2
                    for i, e in enumerate([2.0, 1.0, 2.0])
                )
            ),
            id="harmonic",
        ),
    ],
)
def test_a_mean_of_rows(
    mean: GroupMean, weights: list[float], value: float, stderr: float | None
) -> None:
    found = group_mean(mean, PARTS, weights)
    assert found.value == pytest.approx(value)
    assert found.stderr == (None if stderr is None else pytest.approx(stderr, rel=1e-3))


def test_a_group_of_one_row_has_its_interval() -> None:
    for values in ([0.0] * 3, [1.0] * 3, [1.0] * 4 + [0.0], [0.2, 0.9]):
        row = estimate(values)
        found = group_mean(GroupMean.NAIVE_AVERAGE, [row]).interval
        assert row.interval is not None
        assert found is not None
        assert (found.low, found.high) == pytest.approx((row.interval.low, row.interval.high))


def test_a_group_whose_rows_are_all_wrong_is_not_certain() -> None:
    found = group_mean(GroupMean.NAIVE_AVERAGE, [estimate([0.0] * 3)] * 4)
    assert (found.value, found.stderr) == (0.0, 0.0)
    assert found.interval is not None
    # Four rows with 0 to 56.15: half of that, by the root of four.
    assert (found.interval.low, found.interval.high) == pytest.approx((0, 56.15 / 2), abs=0.01)


BARS = [
    Estimate(80.0, 2.0, Interval(low=77.0, high=81.0)),
    Estimate(40.0, 2.0, Interval(low=36.0, high=48.0)),
]


@pytest.mark.parametrize(
    ("mean", "parts", "weights", "low", "high"),
    [
        pytest.param(
            GroupMean.NAIVE_AVERAGE,
            BARS,
            [],
            60 - math.hypot(3, 4) / 2,
            60 + math.hypot(1, 8) / 2,
            id="naive",
        ),
        pytest.param(
            GroupMean.WEIGHTED_AVERAGE,
            BARS,
            [1, 3],
            50 - math.hypot(3, 3 * 4) / 4,
            50 + math.hypot(1, 3 * 8) / 4,
            id="weighted",
        ),
        pytest.param(
            GroupMean.SUM, BARS, [], 120 - math.hypot(3, 4), 120 + math.hypot(1, 8), id="sum"
        ),
        pytest.param(
            GroupMean.NAIVE_AVERAGE,
            [BARS[0], Estimate(40.0, 2.0, None)],
            [],
            60 - math.hypot(3, 1.959964 * 2) / 2,
            60 + math.hypot(1, 1.959964 * 2) / 2,
            id="normal-where-a-row-has-none",
        ),
        pytest.param(
            GroupMean.HARMONIC_MEAN,
            BARS,
            [],
            # The slopes of 2 / (1 / 80 + 1 / 40) are 2/9 and 8/9.
            160 / 3 - math.hypot(3 * 2 / 9, 4 * 8 / 9),
            160 / 3 + math.hypot(1 * 2 / 9, 8 * 8 / 9),
            id="harmonic",
        ),
    ],
)
def test_the_interval_of_a_group_is_made_of_its_rows(
    mean: GroupMean, parts: list[Estimate], weights: list[float], low: float, high: float
) -> None:
    found = group_mean(mean, parts, weights).interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


ZERO = [Estimate(0.0, 1.0, None), Estimate(50.0, 1.0, None)]


@pytest.mark.parametrize(
    ("mean", "value"),
    [
        pytest.param(GroupMean.HARMONIC_MEAN, 2 / (1 / 1 + 1 / 50), id="opencompass-raises-to-one"),
        pytest.param(GroupMean.PLAIN_HARMONIC_MEAN, 0.0, id="zero-stays-zero"),
    ],
)
def test_a_harmonic_mean_with_a_zero(mean: GroupMean, value: float) -> None:
    found = group_mean(mean, ZERO)
    assert found.value == pytest.approx(value)
    assert found.stderr is None


def test_a_part_without_weight_may_be_missing() -> None:
    parts = [Estimate(None, None, None), Estimate(30.0, 1.0, None)]
    assert group_mean(GroupMean.WEIGHTED_AVERAGE, parts, [0, 2]).value == 30.0
    assert group_mean(GroupMean.WEIGHTED_AVERAGE, parts, [1, 2]).value is None


def test_a_mean_in_its_own_unit_is_not_cut_at_a_hundred() -> None:
    found = plain_mean([250.0, 350.0])
    assert (found.value, found.stderr) == (300.0, 50.0)
    assert found.interval is not None
    assert found.interval.high > 350


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=50))
def test_the_jackknife_of_a_mean_is_its_standard_error(values: list[float]) -> None:
    found = jackknifed(lambda items: math.fsum(items) / len(items), values)
    assert found.stderr == pytest.approx(stats.sem(values), abs=1e-9)


@pytest.mark.parametrize(
    ("items", "value"),
    [pytest.param([], None, id="none"), pytest.param([2.0], 2.0, id="one")],
)
def test_the_jackknife_needs_two_items(items: list[float], value: float | None) -> None:
    found = jackknifed(lambda held: sum(held) if held else None, items)
    assert found == Estimate(value, None, None)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(estimate([-0.9, -0.8, -1.0]), id="differences"),
        pytest.param(
            group_mean(GroupMean.NAIVE_AVERAGE, [Estimate(350.0, 9.0, None)] * 2), id="other-unit"
        ),
    ],
)
def test_an_interval_holds_its_number(found: Estimate) -> None:
    assert found.interval is not None
    assert found.value is not None
    assert found.interval.low < found.value < found.interval.high
