"""The verdict on one answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from unit.worker_scoring.builders import TOY, ppl_spec_of, prediction_of, spec_of

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.results import Prediction
from kompass_api.rundocument import canonical_json
from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring import Verdict, check_scoring, score_prediction
from kompass_worker.scoring.metrics.metric import NO_REFERENCE
from kompass_worker.scoring.verdicts import NOT_FINITE

NAN_SCORES = [{"label": "A", "nll": math.nan, "tokens": 3}, {"label": "B", "nll": 1, "tokens": 3}]


@pytest.mark.parametrize(
    ("spec", "text", "reference", "more", "expected"),
    [
        pytest.param(spec_of(), "是 B", "B", {}, Verdict("B", {"accuracy": 1.0}), id="right"),
        pytest.param(spec_of(), "是 C", "B", {}, Verdict("C", {"accuracy": 0.0}), id="wrong"),
        pytest.param(
            spec_of(), "不知道", "B", {}, Verdict("", {"accuracy": 0.0}), id="no-letter-is-wrong"
        ),
        pytest.param(
            spec_of(),
            "A",
            "",
            {},
            Verdict("A", {"accuracy": None}, NO_REFERENCE),
            id="no-reference",
        ),
        pytest.param(ppl_spec_of(), "A", "A", {}, Verdict("A", {"accuracy": 1.0}), id="label"),
        pytest.param(
            spec_of(extraction=[]),
            "A ",
            "A",
            {},
            Verdict("A ", {"accuracy": 0.0}),
            id="nothing-is-stripped",
        ),
        pytest.param(
            ppl_spec_of(),
            "A",
            "A",
            {"scores": NAN_SCORES},
            Verdict(None, {"accuracy": None}, NOT_FINITE),
            id="perplexity-is-not-a-number",
        ),
    ],
)
def test_the_verdict_on_an_answer(
    spec: BenchmarkSpec, text: str, reference: str, more: dict[str, Any], expected: Verdict
) -> None:
    found = score_prediction(spec, TOY, prediction_of(text, **more), reference)
    assert replace(found, answered=None) == expected


def test_a_perplexity_that_overflowed_survives_storage() -> None:
    held = prediction_of("A", scores=NAN_SCORES)
    text = canonical_json(held.model_dump(mode="json", by_alias=True))
    found = Prediction.model_validate_json(text)
    assert math.isnan(found.scores[0].nll)
    assert found.scores[1] == held.scores[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"metric": {"name": "truthfulqa_mc1"}},
            "metric truthfulqa_mc1 needs the field 'mc1_labels' of a row (has: question)",
            id="field",
        ),
        pytest.param(
            {"metric": {"name": "truthfulqa_mc1", "arguments": {"labels": "truths"}}},
            "needs the field 'truths'",
            id="field-of-an-argument",
        ),
        pytest.param(
            {"metric": {"name": "pass_at_k", "arguments": {"k": "1,4"}}},
            "metric pass_at_k needs 4 samples of an answer (found generation.samples: 1)",
            id="samples",
        ),
        pytest.param(
            {"extraction": [{"name": "regex"}]}, "needs the argument 'pattern'", id="argument"
        ),
    ],
)
def test_scoring_that_cannot_work_is_refused_before_there_are_answers(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_scoring(spec_of(**changes), TOY, "toys", {"question": "?"})
    assert str(caught.value).startswith("benchmark 'toys', subject 'toy': ")
    assert said in str(caught.value)


def test_an_answer_whose_pattern_takes_too_long_is_counted() -> None:
    slow = {"name": "regex", "arguments": {"pattern": "(a|aa)+$", "seconds": "0.05"}}
    found = score_prediction(spec_of(extraction=[slow]), TOY, prediction_of("a" * 60 + "b"), "B")
    assert found == Verdict(None, {"accuracy": None}, "PatternTooSlow")


def test_each_sample_is_read_and_the_mean_counts() -> None:
    several = prediction_of("是 B", samples=["是 B", "是 C", "B", "B"])
    found = score_prediction(spec_of(), TOY, several, "B")
    assert (found.extracted, found.score) == ("B", 0.75)
    assert found.answered is not None
    assert found.answered.extracted == ("B", "C", "B", "B")
