"""Extraction, metrics, and means with their uncertainty."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score
from unit.worker_eval.builders import ppl_spec_of, prediction_of, spec_of

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.results import Prediction
from kompass_api.rundocument import canonical_json
from kompass_worker.scoring import Verdict, score_prediction
from kompass_worker.scoring.extraction import first_capital
from kompass_worker.scoring.metrics import accuracy
from kompass_worker.scoring.statistics import Estimate, estimate, unweighted, wilson
from kompass_worker.scoring.verdicts import NO_REFERENCE, NOT_FINITE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A", "A", id="the-letter"),
        pytest.param("答案是 C。", "C", id="in-a-sentence"),
        pytest.param("The answer is C", "T", id="english-begins-with-a-capital"),
        pytest.param("b) or D", "D", id="lower-case-does-not-count"),
        pytest.param("\n\n B\nA", "B", id="the-first"),
        pytest.param("ответ Б", "Б", id="any-script"),
        pytest.param("没有", "", id="none"),
        pytest.param("", "", id="empty"),
    ],
)
def test_first_capital(text: str, expected: str) -> None:
    assert first_capital(text) == expected


PAIRS = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("AB")), min_size=1)


@given(PAIRS)
def test_accuracy_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    found = estimate([accuracy(extracted, reference) for extracted, reference in pairs]).value
    given, wanted = zip(*pairs, strict=True)
    assert found == pytest.approx(100 * accuracy_score(wanted, given), abs=1e-9)


NAN_SCORES = [{"label": "A", "nll": math.nan, "tokens": 3}, {"label": "B", "nll": 1, "tokens": 3}]


@pytest.mark.parametrize(
    ("spec", "text", "reference", "more", "expected"),
    [
        pytest.param(spec_of(), "是 B", "B", {}, Verdict("B", 1.0), id="right"),
        pytest.param(spec_of(), "是 C", "B", {}, Verdict("C", 0.0), id="wrong"),
        pytest.param(spec_of(), "不知道", "B", {}, Verdict("", 0.0), id="no-letter-is-wrong"),
        pytest.param(spec_of(), "A", "", {}, Verdict("A", None, NO_REFERENCE), id="no-reference"),
        pytest.param(ppl_spec_of(), "A", "A", {}, Verdict("A", 1.0), id="label"),
        pytest.param(
            spec_of(extraction=[]), "A ", "A", {}, Verdict("A ", 0.0), id="nothing-is-stripped"
        ),
        pytest.param(
            ppl_spec_of(),
            "A",
            "A",
            {"scores": NAN_SCORES},
            Verdict(None, None, NOT_FINITE),
            id="perplexity-is-not-a-number",
        ),
    ],
)
def test_the_verdict_on_an_answer(
    spec: BenchmarkSpec, text: str, reference: str, more: dict[str, Any], expected: Verdict
) -> None:
    assert score_prediction(spec, prediction_of("toys/toy/0", text, **more), reference) == expected


def test_a_perplexity_that_overflowed_survives_storage() -> None:
    held = prediction_of("toys/toy/0", "A", scores=NAN_SCORES)
    text = canonical_json(held.model_dump(mode="json", by_alias=True))
    found = Prediction.model_validate_json(text)
    assert math.isnan(found.scores[0].nll)
    assert found.scores[1] == held.scores[1]


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
