"""Whether one model is better than another on the same items."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kompass_worker.scoring.comparisons import bootstrap_interval, compare, mcnemar, permutation


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_chance_is_that_of_scipys_sign_test(better: int, worse: int) -> None:
    wanted = stats.binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert mcnemar(better, worse) == pytest.approx(wanted, abs=1e-12)


@given(st.lists(st.sampled_from([-0.5, -0.1, 0.0, 0.2, 0.7]), min_size=3, max_size=9))
@settings(max_examples=5, deadline=None)
def test_the_permutation_test_is_scipys_up_to_its_draws(changes: list[float]) -> None:
    wanted = stats.permutation_test(
        (changes,), sum, permutation_type="samples", n_resamples=10**6
    ).pvalue
    assert permutation(changes) == pytest.approx(wanted, abs=0.03)


def test_an_interval_by_drawing_is_near_the_normal_one() -> None:
    changes = [0.0, 1.0, -1.0, 1.0, 0.0, 1.0] * 20
    found = bootstrap_interval(changes)
    low, high = stats.norm.interval(0.95, loc=100 / 3, scale=100 * stats.sem(changes))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=1.0)


FIRST = {"a": 1.0, "b": 0.0, "c": 0.0, "d": None, "e": 1.0}
SECOND = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "f": 1.0}


def test_items_that_got_better_and_worse_are_named() -> None:
    found = compare(FIRST, SECOND)
    assert (found.n, found.unpaired) == (3, 3)
    assert (found.better, found.worse) == (("b", "c"), ())
    assert found.difference == pytest.approx(200 / 3)
    assert (found.test, found.p) == ("mcnemar", 0.5)


def test_the_other_way_round_is_the_opposite() -> None:
    there, back = compare(FIRST, SECOND), compare(SECOND, FIRST)
    assert (back.better, back.worse) == (there.worse, there.better)
    assert back.difference == -(there.difference or 0)
    assert back.p == there.p


def test_values_between_are_tested_by_permutation() -> None:
    found = compare({"a": 0.5, "b": 0.2}, {"a": 0.6, "b": 0.9})
    assert found.test == "permutation"
    assert found.p == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("first", "second", "n"),
    [
        pytest.param({}, {}, 0, id="nothing"),
        pytest.param({"a": 1.0}, {"b": 1.0}, 0, id="nothing-in-common"),
        pytest.param({"a": None}, {"a": 1.0}, 0, id="nothing-judged"),
    ],
)
def test_without_a_pair_nothing_is_said(
    first: dict[str, float | None], second: dict[str, float | None], n: int
) -> None:
    found = compare(first, second)
    assert (found.n, found.difference, found.interval, found.p) == (n, None, None, None)


def test_the_same_input_gives_the_same_output() -> None:
    first, second = {"a": 0.1, "b": 0.5, "c": 0.9}, {"c": 0.3, "a": 0.4, "b": 0.6}
    assert compare(first, second) == compare(dict(reversed(first.items())), second)
