"""Metrics of likelihoods: of one text, or of labels that are weighed against each other.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from kompass_api.results import LabelScore
from kompass_worker.errors import InvalidData
from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.lists import list_field
from kompass_worker.scoring.metrics.metric import Metric, corpus_metric, mean_metric
from kompass_worker.scoring.statistics import plain_mean

_TRUE: Final = frozenset({"1", "true", "True"})


def average_ppl() -> Metric:
    """The mean over texts of their negative log-likelihood per token, in nats (not its exp)."""
    return replace(_text_mean("average_ppl", lambda score: score.nll), higher_is_better=False)


def average_mink() -> Metric:
    """The mean over texts of the mean log-probability of their least likely tokens."""
    return _text_mean("average_mink", lambda score: -score.nll)


def average_inference_ppl() -> Metric:
    """The negative log-likelihood of all texts together per token of them."""
    return _ratio("average_ppl", 1.0)


def bits_per_character() -> Metric:
    """The bits of all texts together per character of them."""
    return _ratio("bpc", math.log(2))


def mc1(*, labels: str = "mc1_labels") -> Metric:
    """The share whose likeliest choice is a true one; `labels` of the row says which are (0, 1)."""

    def judge(answered: Answered) -> Judgement:
        truths = _truths(answered, labels)
        best = min(range(len(truths)), key=lambda place: answered.scores[place].nll)
        return Judgement({"mc1": float(truths[best])})

    return mean_metric(["mc1"], judge, needs_reference=False, fields=[labels], is_share=True)


def mc2(*, labels: str = "mc2_labels") -> Metric:
    """The mean share of probability that the true choices have among all."""

    def judge(answered: Answered) -> Judgement:
        truths = _truths(answered, labels)
        totals = [_total(score) for score in answered.scores]
        # The least is taken off all, so that exp does not underflow.
        least = min(totals)
        weights = [math.exp(least - total) for total in totals]
        true = math.fsum(weight for weight, truth in zip(weights, truths, strict=True) if truth)
        return Judgement({"mc2": true / math.fsum(weights)})

    return mean_metric(["mc2"], judge, needs_reference=False, fields=[labels])


def choice_accuracy(*, choices: str = "choices") -> Metric:
    """The likeliest choice (`acc`), or so per character (`acc_norm`) or byte (`acc_bytes`)."""

    def judge(answered: Answered) -> Judgement:
        texts = list_field(answered.row, choices)
        _check_count(answered, len(texts), choices)
        lengths = {
            "acc": [1 for _ in texts],
            "acc_norm": [len(text) for text in texts],
            "acc_bytes": [len(text.encode()) for text in texts],
        }
        return Judgement({row: _is_reference(answered, each) for row, each in lengths.items()})

    return mean_metric(["acc", "acc_norm", "acc_bytes"], judge, fields=[choices], is_share=True)


def _text_mean(row: str, number: Callable[[LabelScore], float]) -> Metric:
    found = mean_metric(
        [row],
        lambda answered: Judgement({row: number(_text_score(answered))}),
        mean=plain_mean,
        needs_reference=False,
    )
    return replace(found, in_percent=False)


def _ratio(row: str, unit: float) -> Metric:
    def judge(answered: Answered) -> Judgement:
        score = _text_score(answered)
        return Judgement({row: _total(score) / (_divisor(score) * unit)})

    def of_all(answers: Sequence[Answered]) -> float | None:
        scores = [_text_score(answered) for answered in answers]
        size = sum(map(_divisor, scores))
        return math.fsum(map(_total, scores)) / (size * unit) if size else None

    found = corpus_metric({row: of_all}, judge, needs_reference=False)
    return replace(found, higher_is_better=False, in_percent=False)


def _text_score(answered: Answered) -> LabelScore:
    if len(answered.scores) != 1:
        raise InvalidData(
            f"the metric needs the likelihood of one text (has {len(answered.scores)}): use it "
            "with PerplexityOnly, BitsPerCharacter or MinKPercent"
        )
    return answered.scores[0]


def _total(score: LabelScore) -> float:
    return score.nll * score.tokens if score.total is None else score.total


def _divisor(score: LabelScore) -> int:
    return score.divisor or score.tokens


def _truths(answered: Answered, column: str) -> list[bool]:
    found = list_field(answered.row, column)
    _check_count(answered, len(found), column)
    return [label in _TRUE for label in found]


def _check_count(answered: Answered, count: int, column: str) -> None:
    if count != len(answered.scores):
        raise InvalidData(
            f"field {column!r} has {count} entries and the model weighed {len(answered.scores)} "
            "choices: they must be as many"
        )


def _is_reference(answered: Answered, lengths: Sequence[int]) -> float:
    costs = [
        _total(score) / max(length, 1)
        for score, length in zip(answered.scores, lengths, strict=True)
    ]
    best = costs.index(min(costs))
    return float(answered.scores[best].label == answered.reference)
