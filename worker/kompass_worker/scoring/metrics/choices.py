"""Metrics of answers that are the same as the reference, or not.

Pure. Where OpenCompass writes `score` and not `accuracy` for the same share, so does a metric here.
"""

from __future__ import annotations

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
    return share_metric("score", _matches)


def bbh_free_form_0_5() -> Metric:
    """The share whose free text is the reference's, both read by `bbh_freeform@0.5`."""
    return share_metric("score", _same_free_text)


def bbh_free_form_0_2_4() -> Metric:
    """The share whose free text, read by `bbh_freeform@0.2.4`, is the reference."""
    return share_metric(
        "score", lambda answered: bbh_freeform_0_2_4(answered.answer) == answered.reference
    )


def contamination(*, column: str = "is_clean") -> Metric:
    """Accuracy, apart for rows that are clean or said to be in training data (section 7)."""

    def judge(answered: Answered) -> Judgement:
        row = _SPREADS.get(text_field(answered.row, column))
        value = float(is_same(answered))
        return Judgement({"accuracy": value} | ({row: value} if row else {}))

    return mean_metric(["accuracy", *_SPREADS.values()], judge, fields=[column])


def is_same(answered: Answered) -> bool:
    """Whether the answer is the reference's text."""
    return answered.answer == answered.reference


def _matches(answered: Answered) -> bool:
    golds = golds_of(answered)
    given = general(answered.answer)
    return given in golds or given in map(general, golds)


def _same_free_text(answered: Answered) -> bool:
    given = bbh_freeform_0_5(answered.answer)
    return given.casefold() == bbh_freeform_0_5(answered.reference).casefold()
