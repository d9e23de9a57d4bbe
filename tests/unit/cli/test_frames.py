"""Frames hold what the run's files hold, with types that do not depend on it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kompass_worker.frames import compare, load_run, samples, scores
from kompass_worker.frames.tables import COMPARISONS, SAMPLES, SCORES


def kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {str(column): str(kind) for column, kind in frame.dtypes.items()}


def test_scores_are_the_reports(before: Path) -> None:
    frame = scores(before)
    report = load_run(before).report
    assert kinds(frame) == SCORES
    assert list(frame["row"]) == [score.row_name for score in report.scores]
    assert list(frame["value"]) == [score.value for score in report.scores]
    assert set(frame["model"]) == {"model-0"}


def test_samples_of_several_runs_stand_below_each_other(before: Path, after: Path) -> None:
    frame = samples(load_run(before), str(after))
    assert kinds(frame) == SAMPLES
    assert len(frame) == 20
    assert frame.groupby("location")["score"].mean().to_dict() == pytest.approx(
        {str(before): 0.8, str(after): 0.7}
    )


def test_a_comparison_is_that_of_the_command_line(before: Path, after: Path) -> None:
    frame = compare(before, after, by_subject=True)
    assert kinds(frame) == COMPARISONS
    assert frame.set_index("subject")["difference"].to_dict() == {
        "geography": -20.0,
        "arithmetic": 0.0,
    }


def test_an_empty_frame_has_the_same_columns() -> None:
    assert kinds(scores()) == SCORES
    assert kinds(samples()) == SAMPLES


def test_what_could_not_be_judged_is_missing(before: Path) -> None:
    run = load_run(before)
    run.__dict__["samples"] = (run.samples[0].model_copy(update={"score": None}),)
    assert list(samples(run)["score"].isna()) == [True]
