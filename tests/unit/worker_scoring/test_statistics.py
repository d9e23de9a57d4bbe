"""Means with their uncertainty."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kompass_worker.scoring.statistics import Estimate, estimate, unweighted, wilson

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
    found = unweighted(parts)
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
    assert unweighted(parts) == expected


def test_means_are_added_from_left_to_right() -> None:
    # fsum, and sum() since Python 3.12, would not lose the one in the middle.
    parts = [Estimate(value, None, None) for value in (1e16, 1.0, -1e16)]
    assert unweighted(parts).value == 0.0
