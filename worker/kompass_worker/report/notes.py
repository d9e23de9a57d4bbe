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
    whose = f"Run {report.namespace}/{report.run} ({report.uid})"
    rules = f"profile {report.profile}, plan {report.plan_digest}"
    return [f"{whose}, {rules}.", _completeness(report), *_unscored(report)]


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
    for model in models_of(report):
        count = sum(
            score.unscored
            for score in report.scores
            if score.model == model and score.kind == "subject"
        )
        if count:
            yield (
                f"{model}: {count} answers could not be judged and are in no mean; "
                "the samples say why."
            )
