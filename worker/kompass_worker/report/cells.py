"""The table of a report as cells: `dataset version metric mode <model...>`, as in OpenCompass.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kompass_api.results import Report, Score

MISSING: Final = "-"
FIXED_COLUMNS: Final = ("dataset", "version", "metric", "mode")
_FIRST_METRICS: Final = (
    "score",
    "auc_score",
    "accuracy",
    "humaneval_pass@1",
    "rouge1",
    "avg_toxicity_score",
    "bleurt_diff",
    "matthews_correlation",
    "truth",
    "f1",
    "exact_match",
    "extract_rate",
)
"""OpenCompass' order of a data set's rows; other metrics follow as they come."""


@dataclass(frozen=True)
class Cells:
    """A header and rows of the same length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def cells_of(report: Report) -> Cells:
    """Two decimals a number, `-` where there is none."""
    models = models_of(report)
    held = {(_row_key(score), score.model): score for score in report.scores}
    return Cells(
        header=(*FIXED_COLUMNS, *models),
        rows=tuple(
            (*key[2:], *(_value(held.get((key, model))) for model in models))
            for key in _keys(report)
        ),
    )


def _keys(report: Report) -> list[tuple[str, ...]]:
    """The rows in the table's order: all, or those that were wanted, with `-` for a missing one."""
    keys = _ordered(dict.fromkeys(_row_key(score) for score in report.scores))
    if not report.table.rows:
        return keys
    wanted: list[tuple[str, ...]] = []
    for name in report.table.rows:
        found = [key for key in keys if key[2] == name]
        wanted += found or [("", "", name, MISSING, MISSING, MISSING)]
    return wanted


def models_of(report: Report) -> list[str]:
    """The models, in the run's order."""
    return [lineage.model for lineage in report.models]


def percent(value: float | None) -> str:
    """Two decimals, as OpenCompass rounds them."""
    return MISSING if value is None else f"{value:.2f}"


def _ordered(keys: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows as they come, those of one data set by metric."""
    places: dict[tuple[str, ...], int] = {}
    for key in keys:
        places.setdefault(_row_of(key), len(places))
    return sorted(keys, key=lambda key: (places[_row_of(key)], _metric_place(key)))


def _row_of(key: tuple[str, ...]) -> tuple[str, ...]:
    kind, benchmark, row_name, _, _, mode = key
    return kind, benchmark, row_name, mode


def _metric_place(key: tuple[str, ...]) -> int:
    metric = key[4]
    return _FIRST_METRICS.index(metric) if metric in _FIRST_METRICS else len(_FIRST_METRICS)


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
