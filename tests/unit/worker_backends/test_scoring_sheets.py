"""Rows that a model reads, and what becomes of their numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kompass_api.methods import Likelihood
from kompass_api.results import Prediction
from kompass_worker.backends.scoring_sheets import (
    EncodedText,
    RowScore,
    ScoringRow,
    Sheet,
    Window,
    candidates_sheet,
    choice_sheet,
    text_sheet,
    windows,
)
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    MinKPercent,
    PerplexityOnly,
    ScoringRequest,
    TextRequest,
)

TEXT = TextRequest("i", "twelve words", PerplexityOnly())


def scoring(count: int, divide_by: Likelihood = Likelihood.ALL_TOKENS) -> ScoringRequest:
    return ScoringRequest("i", tuple(Candidate("ABCD"[k], "t") for k in range(count)), divide_by)


def continuing(*texts: str, divide_by: Likelihood = Likelihood.NOTHING) -> ContinuationRequest:
    candidates = tuple(Continuation(text.strip(), "q", text) for text in texts)
    return ContinuationRequest("i", candidates, divide_by)


def by_token(row: ScoringRow) -> RowScore:
    """A model to whom token n costs n nats, and which would write even ones."""
    read = list(row.ids[row.start :])
    lasts = list(row.lasts)
    return RowScore(
        [float(token) for token in read],
        [float(token) for token in lasts],
        [token % 2 == 0 for token in [*read, *lasts]],
    )


def answered(sheet: Sheet, model: Callable[[ScoringRow], RowScore] = by_token) -> Prediction:
    for place, row in reversed([*enumerate(sheet.rows)]):
        assert not sheet.is_complete
        sheet.note(place, model(row))
    assert sheet.is_complete
    return sheet.prediction()


def totals(prediction: Prediction) -> list[float | None]:
    return [score.total for score in prediction.scores]


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        pytest.param(
            [EncodedText([7, 8, 1]), EncodedText([7, 8, 2])],
            [ScoringRow((7, 8), 1, (1, 2))],
            id="last-tokens-of-one-stem",
        ),
        pytest.param(
            [EncodedText([7, 8, 1]), EncodedText([7, 9, 1])],
            [ScoringRow((7, 8), 1, (1,)), ScoringRow((7, 9), 1, (1,))],
            id="two-stems",
        ),
        pytest.param(
            [EncodedText([7, 8, 1], 1), EncodedText([7, 8, 1], 2)],
            [ScoringRow((7, 8), 1, (1,)), ScoringRow((7, 8), 2, (1,))],
            id="one-stem-counted-from-two-places",
        ),
        pytest.param(
            [EncodedText([7]), EncodedText([7, 1])],
            [ScoringRow((7,), 1, (1,))],
            id="nothing-to-predict",
        ),
    ],
)
def test_texts_share_what_a_model_reads(texts: list[EncodedText], rows: list[ScoringRow]) -> None:
    assert candidates_sheet(scoring(len(texts)), texts).rows == rows


def test_a_whole_text_counts_all_tokens_but_the_first() -> None:
    prediction = answered(
        candidates_sheet(scoring(2), [EncodedText([5, 1, 2]), EncodedText([5, 1, 2, 3])])
    )
    assert totals(prediction) == [3.0, 6.0]
    assert [score.nll for score in prediction.scores] == [1.0, 1.5]
    assert prediction.prediction == "A"


@pytest.mark.parametrize(
    ("divide_by", "nlls"),
    [
        pytest.param(Likelihood.NOTHING, [3.0, 4.0], id="sum"),
        pytest.param(Likelihood.ALL_TOKENS, [1.0, 4 / 3], id="all-tokens"),
        pytest.param(Likelihood.PREDICTED_TOKENS, [1.5, 4.0], id="predicted-tokens"),
        pytest.param(Likelihood.BYTES, [0.5, 1.0], id="bytes-of-the-answer"),
        pytest.param(Likelihood.CHARACTERS, [1.5, 4 / 3], id="characters-of-the-answer"),
    ],
)
def test_a_continuation_is_divided_as_told(divide_by: Likelihood, nlls: list[float]) -> None:
    request = continuing(" 东京", " ABC", divide_by=divide_by)
    texts = [EncodedText([9, 1, 2], 1), EncodedText([9, 9, 4], 2)]
    if divide_by is Likelihood.BYTES:
        request = continuing(" 东京", " ABCD", divide_by=divide_by)
    prediction = answered(candidates_sheet(request, texts))
    assert [score.nll for score in prediction.scores] == pytest.approx(nlls)


def test_a_continuation_says_whether_the_model_would_write_it() -> None:
    texts = [EncodedText([9, 2, 4], 1), EncodedText([9, 2, 3], 1), EncodedText([9, 1, 2], 1)]
    prediction = answered(candidates_sheet(continuing(" a", " b", " c"), texts))
    assert [score.greedy for score in prediction.scores] == [True, False, False]


def test_whole_texts_are_nothing_a_model_would_write() -> None:
    prediction = answered(candidates_sheet(scoring(1), [EncodedText([1, 2])]))
    assert prediction.scores[0].greedy is None


def test_a_request_without_rows_is_complete_at_once() -> None:
    sheet = candidates_sheet(scoring(2), [EncodedText([7]), EncodedText([])])
    assert sheet.is_complete
    assert [score.nll for score in sheet.prediction().scores] == [0.0, 0.0]


def test_choices_share_all_their_probability() -> None:
    request = ChoiceRequest("i", "q", ("A", "B", "C"))
    prediction = answered(choice_sheet(request, [5, 6], [3, 1, 2]))
    probabilities = [math.exp(-score.nll) for score in prediction.scores]
    weights = [math.exp(-cost) for cost in (3, 1, 2)]
    assert probabilities == pytest.approx([weight / sum(weights) for weight in weights])
    assert prediction.prediction == "B"
    assert prediction.tokens_in == 2


@pytest.mark.parametrize(
    ("what", "total", "divisor"),
    [
        pytest.param(PerplexityOnly(), 1 + 9 + 2 + 8, 5, id="perplexity"),
        pytest.param(
            PerplexityOnly(Likelihood.PREDICTED_TOKENS), 1 + 9 + 2 + 8, 4, id="predicted-tokens"
        ),
        pytest.param(PerplexityOnly(Likelihood.BYTES), 1 + 9 + 2 + 8, 12, id="bytes"),
        pytest.param(BitsPerCharacter(2, 1), 1 + 9 + 2 + 8, 12, id="bits-per-character"),
        pytest.param(MinKPercent(40), 9 + 8, 2, id="least-likely"),
        pytest.param(MinKPercent(1), 9, 1, id="at-least-one"),
        pytest.param(MinKPercent(100), 1 + 9 + 2 + 8, 4, id="all-there-are"),
    ],
)
def test_a_text_alone(
    what: PerplexityOnly | BitsPerCharacter | MinKPercent, total: float, divisor: int
) -> None:
    request = TextRequest("i", "twelve words", what)
    prediction = answered(text_sheet(request, [5, 1, 9, 2, 8]))
    (score,) = prediction.scores
    assert (score.total, score.divisor, score.tokens) == (total, divisor, 5)
    assert score.nll == total / divisor
    assert prediction.prediction == ""


@pytest.mark.parametrize("ids", [[], [5]], ids=["empty", "one-token"])
def test_a_text_that_nothing_predicts_is_zero(ids: list[int]) -> None:
    assert text_sheet(TEXT, ids).prediction().scores[0].nll == 0.0


@pytest.mark.parametrize(
    ("tokens", "what", "expected"),
    [
        pytest.param(4, BitsPerCharacter(8, 4), [Window(0, 4, 1)], id="shorter-than-a-window"),
        pytest.param(9, BitsPerCharacter(8, 4), [Window(0, 9, 1)], id="one-window"),
        pytest.param(
            15,
            BitsPerCharacter(8, 4),
            [Window(0, 9, 1), Window(4, 13, 5), Window(8, 15, 5)],
            id="the-rest-in-a-shorter-one",
        ),
        pytest.param(
            15,
            BitsPerCharacter(8, 4, whole_windows=True),
            [Window(0, 9, 1), Window(4, 13, 5)],
            id="the-rest-left-out",
        ),
        pytest.param(
            8, BitsPerCharacter(8, 4, whole_windows=True), [], id="all-left-out-as-opencompass-does"
        ),
        pytest.param(1, BitsPerCharacter(8, 4), [], id="nothing-to-predict"),
    ],
)
def test_windows(tokens: int, what: BitsPerCharacter, expected: list[Window]) -> None:
    assert windows(tokens, what) == expected


@given(tokens=st.integers(0, 300), block=st.integers(1, 40), stride=st.integers(1, 50))
def test_every_token_but_the_first_counts_in_one_window(
    tokens: int, block: int, stride: int
) -> None:
    found = windows(tokens, BitsPerCharacter(block, stride))
    counted = [place for one in found for place in range(one.begin + one.first, one.end)]
    assert counted == list(range(1, tokens))
    assert all(one.end - one.begin <= block + 1 and one.first >= 1 for one in found)


@given(count=st.integers(1901, 9000))
def test_opencompass_number_of_windows(count: int) -> None:
    """SWCELoss: floor((N - 1901) / 512 + 1) windows of 1901 tokens, 512 apart."""
    found = windows(count, BitsPerCharacter(1900, 512, whole_windows=True))
    assert len(found) == math.floor((count - 1901) / 512 + 1)
    assert {one.end - one.begin for one in found} == {1901}
