"""Two runs side by side; scipy is the oracle of the tests."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from unit.cli.finished import finished, letters, measured
from unit.worker_eval.builders import sample_of
from unit.worker_eval.test_report import REPORT

from kompass_api.results import Sample, Score
from kompass_worker.cli.sheets import changes_sheet
from kompass_worker.errors import InvalidRequest
from kompass_worker.runs import StoredRun, compare, open_run
from kompass_worker.runs.comparison import Pair
from kompass_worker.runs.paired import mcnemar, paired_test


@given(better=st.integers(0, 400), worse=st.integers(0, 400))
def test_mcnemar_is_the_exact_binomial_test(better: int, worse: int) -> None:
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert mcnemar(better, worse) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_mcnemar_of_very_many_items() -> None:
    assert mcnemar(3000, 3000) == 1.0
    assert 0 < mcnemar(2900, 3100) < 0.02


def test_scores_between_right_and_wrong_have_the_normal_test() -> None:
    first, second = [0.1, 0.5, 0.9, 0.2], [0.3, 0.5, 1.0, 0.9]
    found = paired_test(first, second)
    mean = sum(b - a for a, b in zip(first, second, strict=True)) / 4
    deviation = math.sqrt(sum((b - a - mean) ** 2 for a, b in zip(first, second, strict=True)) / 3)
    stderr = deviation / 2
    assert found.difference == pytest.approx(mean)
    assert found.stderr == pytest.approx(stderr)
    assert found.p_value == pytest.approx(2 * norm.sf(mean / stderr))
    assert (found.low, found.high) == pytest.approx(norm.interval(0.95, mean, stderr))
    assert found.test == "normal"


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        pytest.param([], [], None, id="nothing"),
        pytest.param([1.0], [0.0], None, id="one-item"),
        pytest.param([0.5, 0.5], [0.5, 0.5], 1.0, id="no-difference"),
        pytest.param([0.5, 0.25], [0.75, 0.5], 0.0, id="always-the-same-difference"),
    ],
)
def test_small_samples(first: list[float], second: list[float], p_value: float | None) -> None:
    assert paired_test(first, second).p_value == p_value


def test_a_benchmark_is_compared_item_by_item(before: Path, after: Path) -> None:
    (row,) = compare(open_run(before), open_run(after))
    assert (row.benchmark, row.items, row.first, row.second) == ("ceval-gen", 10, 80.0, 70.0)
    assert (row.better, row.worse, row.unpaired, row.remark) == (1, 2, 0, "")
    assert row.p_value == pytest.approx(binomtest(1, 3).pvalue)
    assert {change.item: change.difference for change in row.changes} == {
        "ceval-gen/geography/0": 100.0,
        "ceval-gen/geography/1": -100.0,
        "ceval-gen/geography/2": -100.0,
    }


def test_subjects_have_rows_of_their_own(before: Path, after: Path) -> None:
    rows = compare(open_run(before), open_run(after), by_subject=True)
    assert [(row.subject, row.difference) for row in rows] == [
        ("geography", -20.0),
        ("arithmetic", 0.0),
    ]


@pytest.mark.parametrize(
    ("different", "items", "remark"),
    [(False, 0, "the content differs: left out"), (True, 10, "the content differs")],
)
def test_other_content_is_marked(
    tmp_path: Path, before: Path, different: bool, items: int, remark: str
) -> None:
    # Data in another folder with other questions: another digest, another content.
    other = finished(tmp_path / "other", tmp_path / "other-run", letters(), question="Other")
    (row,) = compare(open_run(before), open_run(other), different=different)
    assert (row.items, row.remark) == (items, remark)


def test_models_of_one_run_are_compared(tmp_path: Path) -> None:
    run = open_run(finished(tmp_path, tmp_path / "run", letters(), models=2))
    (row,) = compare(run, run, Pair("model-0", "model-1"))
    assert (row.models, row.items, row.difference) == (Pair("model-0", "model-1"), 10, 0.0)


def test_a_model_that_is_not_there_is_named(before: Path) -> None:
    run = open_run(before)
    with pytest.raises(InvalidRequest, match="has no model 'model-00'; did you mean model-0"):
        compare(run, run, Pair("model-0", "model-00"))


def run_of(*samples: Sample, scores: list[Score], metric: str = "squad") -> StoredRun:
    return measured(metric, rows=samples, scores=scores)


def score_of(metric: str, value: float, n: int) -> Score:
    kept = {"benchmark": "b", "row_name": "s", "metric": metric, "value": value, "n": n}
    return REPORT.scores[0].model_copy(update=kept)


def valued(row: int, **values: float) -> Sample:
    first = next(iter(values.values()))
    return sample_of(f"b/s/{row}", first, "smol").model_copy(update={"values": values})


def test_every_metric_has_a_row_in_its_own_unit() -> None:
    first = run_of(
        valued(0, f1=0.5, ppl=12.0),
        valued(1, f1=0.7, ppl=14.0),
        scores=[score_of("f1", 60.0, 2), score_of("ppl", 13.0, 2)],
    )
    second = run_of(
        valued(0, f1=0.6, ppl=12.0),
        valued(1, f1=0.7, ppl=10.0),
        scores=[score_of("f1", 65.0, 2), score_of("ppl", 11.0, 2)],
    )
    rows = compare(first, second, Pair("smol", "smol"))
    assert [row.metric for row in rows] == ["f1", "ppl"]
    assert [row.first for row in rows] == pytest.approx([60.0, 13.0])
    assert [row.difference for row in rows] == pytest.approx([5.0, -2.0])
    assert [row.better + row.worse for row in rows] == [1, 1]


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        pytest.param("average_ppl", ["worse", "better"], id="lower-is-better"),
        pytest.param("accuracy", ["worse", "better"], id="higher-is-better"),
        pytest.param("ours_of_last_year", ["worse", "better"], id="not-installed-any-more"),
    ],
)
def test_better_is_what_the_metric_calls_better(metric: str, words: list[str]) -> None:
    is_up = metric != "average_ppl"
    ones, others = (measured(metric, *held) for held in ((7.54, 1.0, 3.0), (1.7, 2.0, 3.0)))
    (row,) = compare(ones, others, Pair("smol", "smol"))
    assert (row.higher_is_better, row.better, row.worse) == (is_up, 1, 1)
    # The first text has the smaller number in the second run, the second one the larger.
    assert {change.item: change.is_better for change in row.changes} == {
        "b/s/0": not is_up,
        "b/s/1": is_up,
    }
    assert [cells[2] for cells in changes_sheet([row], in_full=True).rows] == words
