"""What a reader must know beside the numbers, a sentence each.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kompass_api.results import Report
from kompass_worker.report.cells import models_of
from kompass_worker.report.texts import printable


def notes(report: Report) -> list[str]:
    """Whose run it is, whether it is complete, and what could not be judged."""
    uid = f" ({report.uid})" if report.uid else ""
    whose = f"Run {report.namespace}/{report.run}{uid}"
    rules = f"profile {report.profile}, plan {report.plan_digest}"
    return [
        f"{whose}, {rules}.",
        _completeness(report),
        *_unscored(report),
        *_rows(report),
        *_shortened(report),
    ]


def _completeness(report: Report) -> str:
    proof = report.completeness
    if proof.answered == proof.planned and not proof.unexpected:
        return f"All {proof.planned} planned items were answered."
    named = ", ".join(printable(item) for item in proof.missing[:5])
    return (
        f"INCOMPLETE: {proof.answered} of {proof.planned} planned items were answered, "
        f"{proof.unexpected} answers were not planned. Missing: {named or 'none'}."
    )


def _unscored(report: Report) -> Iterator[str]:
    subjects = [score for score in report.scores if score.kind == "subject"]
    for model in models_of(report):
        # A row has as many scores as its metric has numbers, and each counts the same answers.
        rows = {
            (score.benchmark, score.row_name): score.unscored
            for score in subjects
            if score.model == model
        }
        count = sum(rows.values())
        if count:
            yield (
                f"{model}: {count} answers could not be judged and are in no mean; "
                "the samples say why."
            )


def _rows(report: Report) -> Iterator[str]:
    left_out = sum(lineage.left_out for lineage in report.data)
    corrected = sum(lineage.corrected for lineage in report.data)
    if left_out:
        yield f"{left_out} rows of the data were not asked, because data.where leaves them out."
    if corrected:
        yield f"{corrected} reference answers were read for what they mean, such as (a) for A."


def _shortened(report: Report) -> Iterator[str]:
    for held in report.shortened:
        yield (
            f"{held.model}: {held.items} prompts of {held.benchmark} did not fit: "
            f"{held.examples_dropped} examples were dropped, {held.truncated} prompts were cut."
        )
