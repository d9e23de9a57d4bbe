"""Numbers of several samples of an answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from unit.worker_scoring.builders import answer, metric_of, numbers_of, verdicts_of

from kompass_worker.scoring.passes import g_pass_at_k, mg_pass_at_k, pass_at_k


@given(st.integers(1, 20), st.data())
def test_the_chance_to_be_right_is_the_hypergeometric_one(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, k) == pytest.approx(stats.hypergeom.sf(0, n, c, k), abs=1e-12)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        least = max(math.ceil(k * share), 1)
        wanted = stats.hypergeom.sf(least - 1, n, c, k)
        assert g_pass_at_k(n, c, k, share) == pytest.approx(wanted, abs=1e-12)
    wanted = sum(stats.hypergeom.sf(i - 1, n, c, k) for i in range(math.ceil(k / 2) + 1, k + 1))
    assert mg_pass_at_k(n, c, k) == pytest.approx(2 * wanted / k, abs=1e-12)


SAMPLED = [answer("", "A", samples="AABA"), answer("", "A", samples="BBAB")]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        pytest.param("accuracy", {}, {"accuracy": 50.0}, id="mean-of-the-runs"),
        pytest.param("pass_at_k", {"k": "1,2"}, {"pass@1": 50.0, "pass@2": 75.0}, id="pass"),
        pytest.param("majority_vote", {}, {"accuracy": 50.0}, id="majority"),
    ],
)
def test_several_samples_of_an_answer(
    name: str, arguments: dict[str, str], expected: dict[str, float]
) -> None:
    assert numbers_of(metric_of(name, **arguments), SAMPLED) == pytest.approx(expected)


def test_g_pass_has_opencompass_rows() -> None:
    found = numbers_of(metric_of("g_pass_at_k", k="2", runs="4"), SAMPLED)
    assert found == pytest.approx(
        {
            "accuracy (4 runs average)": 50.0,
            "G-Pass@2_0.0": 75.0,
            "G-Pass@2_0.25": 75.0,
            "G-Pass@2_0.5": 75.0,
            "G-Pass@2_0.75": 25.0,
            "G-Pass@2_1.0": 25.0,
            "mG-Pass@2": 25.0,
        }
    )


def test_of_equal_votes_the_first_sample_counts() -> None:
    [verdict] = verdicts_of(metric_of("majority_vote"), [answer("", "B", samples="BA")])
    assert (verdict.extracted, verdict.score) == ("B", 1.0)
