"""Numbers of likelihoods: of one text, or of choices that are weighed against each other."""

from __future__ import annotations

import math

import pytest
from unit.worker_scoring.builders import answer, label_score, metric_of, numbers_of

# Two texts: 6 nats in 4 tokens (section 17), and 2 in 1.
TEXTS = [answer("", scores=[label_score("", 6.0, 4)]), answer("", scores=[label_score("", 2.0, 1)])]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("average_ppl", {"average_ppl": 1.75}, id="mean-of-texts"),
        pytest.param("average_inference_ppl", {"average_ppl": 1.6}, id="per-token-of-all"),
        pytest.param("bits_per_character", {"bpc": 1.6 / math.log(2)}, id="bits"),
        pytest.param("average_mink", {"average_mink": -1.75}, id="least-likely-tokens"),
    ],
)
def test_likelihoods_keep_their_unit(name: str, expected: dict[str, float]) -> None:
    assert numbers_of(metric_of(name), TEXTS) == pytest.approx(expected)


CHOICES = [label_score("0", 2.0), label_score("1", 1.0), label_score("2", 3.0)]


@pytest.mark.parametrize(
    ("name", "row", "reference", "expected"),
    [
        pytest.param("truthfulqa_mc1", {"mc1_labels": "[1, 0, 0]"}, "0", {"mc1": 0.0}, id="mc1"),
        pytest.param(
            "truthfulqa_mc2",
            {"mc2_labels": "['1', '0', '1']"},
            "0",
            {"mc2": 100 * (math.exp(-2) + math.exp(-3)) / sum(map(math.exp, (-2, -1, -3)))},
            id="mc2",
        ),
        pytest.param(
            "choice_accuracy",
            {"choices": '["abcdefg", "我", "abc"]'},
            "0",
            {"acc": 0.0, "acc_norm": 100.0, "acc_bytes": 100.0},
            id="per-character-and-byte",
        ),
    ],
)
def test_choices_are_weighed_by_their_likelihood(
    name: str, row: dict[str, str], reference: str, expected: dict[str, float]
) -> None:
    found = numbers_of(metric_of(name), [answer("1", reference, row, scores=CHOICES)])
    assert found == pytest.approx(expected)


def test_very_unlikely_choices_do_not_vanish() -> None:
    scores = [label_score("0", 5000.0), label_score("1", 5000.0)]
    row = {"mc2_labels": "[1, 0]"}
    assert numbers_of(metric_of("truthfulqa_mc2"), [answer("0", "0", row, scores=scores)]) == {
        "mc2": 50.0
    }
