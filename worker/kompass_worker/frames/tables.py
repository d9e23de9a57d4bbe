"""Frames with fixed columns and types: the same for every run, also for an empty one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from kompass_api.results import Sample, Score
from kompass_worker.runs.comparison import Comparison, Pair
from kompass_worker.runs.comparison import compare as compared
from kompass_worker.runs.reading import StoredRun, open_run

Run = StoredRun | str | Path
"""A run that was loaded, or where one lies."""

_Kinds = Mapping[str, str]
"""Column -> pandas' name of its type. Int64 and Float64 know what is missing."""

SCORES: Final[_Kinds] = {
    "run": "string",
    "location": "string",
    "model": "string",
    "benchmark": "string",
    "row": "string",
    "kind": "string",
    "metric": "string",
    "mode": "string",
    "version": "string",
    "value": "Float64",
    "stderr": "Float64",
    "low": "Float64",
    "high": "Float64",
    "n": "Int64",
    "unscored": "Int64",
    "content_hash": "string",
}
SAMPLES: Final[_Kinds] = {
    "run": "string",
    "location": "string",
    "model": "string",
    "benchmark": "string",
    "subject": "string",
    "row": "Int64",
    "item": "string",
    "mode": "string",
    "prompt_hash": "string",
    "prediction": "string",
    "extracted": "string",
    "reference": "string",
    "score": "Float64",
    "unscored_reason": "string",
    "reasoning": "string",
    "tokens_in": "Int64",
    "tokens_out": "Int64",
    "finish_reason": "string",
    "examples": "Int64",
    "examples_dropped": "Int64",
    "truncated": "boolean",
}
COMPARISONS: Final[_Kinds] = {
    "benchmark": "string",
    "subject": "string",
    "first_model": "string",
    "second_model": "string",
    "metric": "string",
    "higher_is_better": "boolean",
    "mode": "string",
    "items": "Int64",
    "first": "Float64",
    "second": "Float64",
    "difference": "Float64",
    "stderr": "Float64",
    "low": "Float64",
    "high": "Float64",
    "p_value": "Float64",
    "test": "string",
    "better": "Int64",
    "worse": "Int64",
    "unpaired": "Int64",
    "remark": "string",
}


def scores(*runs: Run) -> pd.DataFrame:
    """The table in long form: a row for each number, in percent, with its error bar."""
    rows = [_score(run, score) for run in map(_loaded, runs) for score in run.report.scores]
    return _frame(rows, SCORES)


def samples(*runs: Run) -> pd.DataFrame:
    """Every answer with its verdict; a score that is missing could not be judged."""
    rows = [_sample(run, sample) for run in map(_loaded, runs) for sample in run.samples]
    return _frame(rows, SAMPLES)


def compare(
    first: Run,
    second: Run,
    models: tuple[str, str] | None = None,
    *,
    by_subject: bool = False,
    different: bool = False,
) -> pd.DataFrame:
    """The second run against the first by paired tests, a row for each benchmark or subject.

    What differs in content is left out and says so in `remark`, unless `different` is set.
    """
    pair = Pair(*models) if models is not None else None
    rows = compared(
        _loaded(first), _loaded(second), pair, by_subject=by_subject, different=different
    )
    return _frame([_comparison(row) for row in rows], COMPARISONS)


def _loaded(run: Run) -> StoredRun:
    return run if isinstance(run, StoredRun) else open_run(run)


def _frame(rows: Iterable[Mapping[str, object]], kinds: _Kinds) -> pd.DataFrame:
    held = list(rows)
    return pd.DataFrame(
        {
            column: pd.Series([row[column] for row in held], dtype=kind)
            for column, kind in kinds.items()
        }
    )


def _score(run: StoredRun, score: Score) -> dict[str, object]:
    interval = score.interval
    return {
        "run": run.name,
        "location": run.location,
        "model": score.model,
        "benchmark": score.benchmark,
        "row": score.row_name,
        "kind": score.kind,
        "metric": score.metric,
        "mode": score.mode,
        "version": score.oc_version,
        "value": score.value,
        "stderr": score.stderr,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "n": score.n,
        "unscored": score.unscored,
        "content_hash": score.content_hash or None,
    }


def _sample(run: StoredRun, sample: Sample) -> dict[str, object]:
    return {"run": run.name, "location": run.location} | {
        column: getattr(sample, column) for column in SAMPLES if column not in {"run", "location"}
    }


def _comparison(row: Comparison) -> dict[str, object]:
    given = {"first_model": row.models.first, "second_model": row.models.second}
    return given | {column: getattr(row, column) for column in COMPARISONS if column not in given}
