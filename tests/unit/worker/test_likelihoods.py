"""OpenCompass' perplexity rule, and where a generated answer ends."""

from __future__ import annotations

import pytest

from kompass_worker.backends.likelihoods import TextSize, cut_at_stop, label_score, likeliest
from kompass_worker.prompts.requests import Candidate, ScoringRequest


def test_the_sum_is_divided_by_all_tokens_the_first_included() -> None:
    assert label_score("A", 1.0 + 2.0 + 3.0, TextSize(4, 3)).nll == 1.5


def test_a_text_without_tokens_is_zero() -> None:
    assert label_score("A", 0.0, TextSize(0, 0)).nll == 0.0


@pytest.mark.parametrize(
    ("means", "label"),
    [
        pytest.param([3.0, 1.0, 2.0], "B", id="smallest"),
        pytest.param([2.0, 1.0, 1.0], "B", id="first-of-equals"),
        pytest.param([1.0], "A", id="only-one"),
    ],
)
def test_the_likeliest_label(means: list[float], label: str) -> None:
    candidates = tuple(Candidate("ABC"[i], "text") for i in range(len(means)))
    scores = [label_score("ABC"[i], mean * 4, TextSize(4, 3)) for i, mean in enumerate(means)]
    prediction = likeliest(ScoringRequest("item", candidates), scores)
    assert prediction.prediction == label
    assert prediction.tokens_in == 4 * len(means)


@pytest.mark.parametrize(
    ("text", "stops", "cut"),
    [
        pytest.param("A\nB", ["\n"], ("A", True), id="one"),
        pytest.param("A.B\nC", ["\n", "."], ("A", True), id="the-first-in-the-text"),
        pytest.param("AB", ["\n"], ("AB", False), id="none-found"),
        pytest.param("AB", [], ("AB", False), id="none-given"),
        pytest.param("\nA", ["\n"], ("", True), id="at-once"),
    ],
)
def test_cut(text: str, stops: list[str], cut: tuple[str, bool]) -> None:
    assert cut_at_stop(text, stops) == cut
