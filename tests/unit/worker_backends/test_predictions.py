"""What a prediction keeps survives storage, whatever the numbers."""

from __future__ import annotations

import math

import pytest

from kompass_api.methods import Likelihood
from kompass_api.results import LabelScore, Prediction
from kompass_worker.backends.likelihoods import TextSize, choice_scores, label_score, mean_of
from kompass_worker.errors import InvalidData
from kompass_worker.inference.parts import decode_part, encode_part


@pytest.mark.parametrize("total", [0.0, 1.5, math.inf], ids=str)
def test_totals_come_back_as_they_were(total: float) -> None:
    score = label_score("A", total, TextSize(4, 3), greedy=True)
    prediction = Prediction(
        item="i",
        prompt_hash="h",
        prediction="A",
        samples=["A", "B"],
        turns=["C"],
        scores=[score],
        tokens_in=4,
        tokens_out=0,
        finish_reason="scored",
    )
    (stored,) = decode_part("key", 0, encode_part([prediction])).predictions
    assert stored == prediction


def test_a_number_that_is_none_comes_back_as_none() -> None:
    score = LabelScore.model_validate_json(
        LabelScore(label="A", nll=math.nan, tokens=1, total=math.nan).model_dump_json()
    )
    assert math.isnan(score.nll)
    assert score.total is not None
    assert math.isnan(score.total)


def test_scores_of_before_are_read() -> None:
    assert LabelScore.model_validate({"label": "A", "nll": 1.0, "tokens": 2}).total is None


@pytest.mark.parametrize(
    ("total", "divisor", "mean"),
    [
        pytest.param(6.0, 4, 1.5, id="divided"),
        pytest.param(0.0, 0, 0.0, id="nothing-to-predict"),
        pytest.param(6.0, 0, math.inf, id="nothing-to-divide-by"),
    ],
)
def test_mean(total: float, divisor: int, mean: float) -> None:
    assert mean_of(total, divisor) == mean


def test_an_answer_without_text_is_never_chosen_by_its_length() -> None:
    size = TextSize(4, 3, answer="")
    assert label_score("A", 1.0, size, Likelihood.CHARACTERS).nll == math.inf


def test_choices_that_overflowed_are_no_numbers() -> None:
    assert all(math.isnan(one.nll) for one in choice_scores(("A", "B"), [math.nan, 1.0], 3))


def test_choices_that_are_far_apart_are_kept_apart() -> None:
    near, far = choice_scores(("A", "B"), [0.0, 2000.0], 3)
    assert (near.nll, far.nll) == (0.0, 2000.0)


@pytest.mark.parametrize("left_out", [1, 10, 10_000])
def test_a_part_that_was_cut_off_is_refused(left_out: int) -> None:
    rows = [
        Prediction(
            item=f"b/s/{row}",
            prompt_hash="h",
            prediction="A",
            tokens_in=row,
            tokens_out=1,
            finish_reason="stop",
        )
        for row in range(100)
    ]
    content = encode_part(rows)
    with pytest.raises(InvalidData, match="the-part is cut off"):
        decode_part("the-part", 0, content[: max(0, len(content) - left_out)])
