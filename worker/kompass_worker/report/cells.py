"""The table of a report as cells: `dataset version metric mode <model...>`, as in OpenCompass.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kompass_api.results import Report, Score

MISSING: Final = "-"
FIXED_COLUMNS: Final = ("dataset", "version", "metric", "mode")


@dataclass(frozen=True)
class Cells:
    """A header and rows of the same length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def cells_of(report: Report) -> Cells:
    """Two decimals a number, `-` where there is none."""
    models = models_of(report)
    held = {(_row_key(score), score.model): score for score in report.scores}
    keys = dict.fromkeys(_row_key(score) for score in report.scores)
    return Cells(
        header=(*FIXED_COLUMNS, *models),
        rows=tuple(
            (*key[2:], *(_value(held.get((key, model))) for model in models)) for key in keys
        ),
    )


def models_of(report: Report) -> list[str]:
    """The models, in the run's order."""
    return [lineage.model for lineage in report.models]


def percent(value: float | None) -> str:
    """Two decimals, as OpenCompass rounds them."""
    return MISSING if value is None else f"{value:.2f}"


def _value(score: Score | None) -> str:
    return MISSING if score is None else percent(score.value)


def _row_key(score: Score) -> tuple[str, ...]:
    return (
        score.kind,
        score.benchmark,
        score.row_name,
        score.oc_version,
        score.metric,
        score.mode,
    )
