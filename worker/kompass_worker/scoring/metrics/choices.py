"""Metrics of answers that are the same as the reference, or not.

Pure. Where OpenCompass writes `score` and not `accuracy` for the same share, so does a metric here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.extraction.bbh import (
    bbh_freeform_0_2_4,
    bbh_freeform_0_5,
    bbh_mcq,
)
from kompass_worker.scoring.extraction.words import general
from kompass_worker.scoring.lists import text_field
from kompass_worker.scoring.metrics.metric import Metric, golds_of, mean_metric, share_metric

_SPREADS: Final = {
    "clean": "accuracy - clean",
    "input contamination": "accuracy - input contaminated",
    "input-and-label contamination": "accuracy - input-and-label contaminated",
}


def accuracy() -> Metric:
    """The share that is the reference, as text: nothing is stripped, case counts."""
    return share_metric("accuracy", is_same)


def bbh_choice() -> Metric:
    """The share of letters that are the reference's, which `bbh_mcq` reads as well."""
    return share_metric("score", lambda answered: answered.answer == bbh_mcq(answered.reference))


def same_text() -> Metric:
    """Accuracy under the name `score`."""
    return share_metric("score", is_same)


def exact_match() -> Metric:
    """The share that is one of the references, or would be without signs and articles."""
    return _reading(general, _is_among)


def bbh_free_form_0_5() -> Metric:
    """The share whose free text is the reference's, both read by `bbh_freeform@0.5`."""
    return _reading(bbh_freeform_0_5, _is_same_free_text)


def bbh_free_form_0_2_4() -> Metric:
    """The share whose free text, read by `bbh_freeform@0.2.4`, is the reference."""
    return _reading(bbh_freeform_0_2_4, lambda read, answered: read == answered.reference)


def contamination(*, column: str = "is_clean") -> Metric:
    """Accuracy, apart for rows that are clean or said to be in training data (section 7)."""

    def judge(answered: Answered) -> Judgement:
        row = _SPREADS.get(text_field(answered.row, column))
        value = float(is_same(answered))
        return Judgement({"accuracy": value} | ({row: value} if row else {}))

    return mean_metric(["accuracy", *_SPREADS.values()], judge, fields=[column], is_share=True)


def is_same(answered: Answered) -> bool:
    """Whether the answer is the reference's text."""
    return answered.answer == answered.reference


def _reading(rule: Callable[[str], str], is_right: Callable[[str, Answered], bool]) -> Metric:
    def judge(answered: Answered) -> Judgement:
        read = rule(answered.answer)
        return Judgement({"score": float(is_right(read, answered))}, read=read)

    return mean_metric(["score"], judge, is_share=True)


def _is_among(read: str, answered: Answered) -> bool:
    golds = golds_of(answered)
    return read in golds or read in map(general, golds)


def _is_same_free_text(read: str, answered: Answered) -> bool:
    return read.casefold() == bbh_freeform_0_5(answered.reference).casefold()
