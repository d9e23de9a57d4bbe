"""Gates are judged where the samples are: against values, and against a baseline run by items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.cli.finished import finished, letters, place_of
from unit.worker.runs import bench_of, write_data

from kompass_api.gates import Gate, GateOutcome, ResolvedGate
from kompass_api.outcomes import MAX_TERMINATION_BYTES, ReportOutcome, TerminationMessage
from kompass_api.status import HeadlineScore, ItemCounts
from kompass_worker.stages.plan import run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.store import FolderStore, ObjectStore

SEVEN_RIGHT = letters(geography_0="no", geography_1="no", arithmetic_2="no")
SIX_WORSE = letters(
    **{f"{name}_{row}": "no" for name in ("geography", "arithmetic") for row in (0, 1, 2)}
)
FIVE_WORSE = letters(geography_3="no", **{f"arithmetic_{row}": "no" for row in range(4)})


def folder_at(uri: str) -> ObjectStore:
    return FolderStore(Path(uri.removeprefix("file://")))


def judged(
    folder: Path,
    gate: Mapping[str, Any],
    answers: Mapping[str, str],
    *,
    baseline: Path | None = None,
    models: int = 1,
) -> GateOutcome:
    """What comes of a run with this gate whose model gives these answers."""
    bench = bench_of(folder, models=models)
    held = Gate.model_validate({"name": "good", "benchmark": "ceval", **gate})
    uri = f"{baseline.as_uri()}/report" if baseline is not None else None
    gates = [ResolvedGate(gate=held, baseline_uri=uri)]
    bench.document = bench.document.model_copy(update={"gates": gates})
    place = replace(place_of(bench, folder / "candidate", answers), beside=folder_at)
    outcome = run_plan(place)
    for index in range(sum(model.shards for model in outcome.models)):
        run_shard(place, index, lambda *_: None)
    return run_summarize(place)[0].gates[0]


@pytest.mark.parametrize(
    ("gate", "passed", "value"),
    [
        pytest.param({"value": "70"}, True, "70", id="as-good-as-asked"),
        pytest.param({"value": "70.01"}, False, "70", id="just-below"),
        pytest.param({"value": "70", "operator": ">"}, False, "70", id="not-above"),
        pytest.param({"value": "70", "operator": "<="}, True, "70", id="at-most"),
        pytest.param({"value": "70", "operator": "<"}, False, "70", id="not-below"),
        pytest.param({"benchmark": "ceval-geography", "value": "60"}, True, "60", id="subject"),
        pytest.param({"benchmark": "ceval-gen", "value": "70"}, True, "70", id="benchmark"),
        pytest.param({"metric": "accuracy", "value": "9"}, False, "", id="metric-of-subjects"),
        pytest.param({"metric": "naive_average", "value": "9"}, True, "70", id="metric-of-groups"),
    ],
)
def test_a_score_is_held_against_a_value(
    tmp_path: Path, gate: Mapping[str, Any], *, passed: bool, value: str
) -> None:
    found = judged(tmp_path, gate, SEVEN_RIGHT)
    assert (found.passed, found.value) == (passed, value)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        pytest.param(
            {"benchmark": "cevall", "value": "1"}, "no row 'cevall'; did you mean ceval", id="row"
        ),
        pytest.param(
            {"benchmark": "ceval-geography", "metric": "f1", "value": "1"},
            "no metric 'f1'; there are accuracy",
            id="metric",
        ),
    ],
)
def test_what_the_report_does_not_have_does_not_pass(
    tmp_path: Path, gate: Mapping[str, Any], words: str
) -> None:
    found = judged(tmp_path, gate, SEVEN_RIGHT)
    assert not found.passed
    assert words in found.message


def test_every_model_has_to_pass_where_none_is_named(tmp_path: Path) -> None:
    found = judged(tmp_path, {"value": "60"}, SEVEN_RIGHT, models=2)
    assert found.passed
    assert judged(
        tmp_path / "b", {"value": "80", "model": "model-1"}, SEVEN_RIGHT, models=2
    ).message == ("ceval naive_average of model-1")


@pytest.mark.parametrize(
    ("answers", "significance", "passed"),
    [
        pytest.param(letters(), "0.05", True, id="the-same"),
        pytest.param(FIVE_WORSE, "0.05", True, id="worse-but-maybe-by-chance"),
        pytest.param(FIVE_WORSE, "0.2", False, id="worse-for-a-stricter-gate"),
        pytest.param(SIX_WORSE, "0.05", False, id="worse-beyond-chance"),
    ],
)
def test_a_baseline_is_compared_item_by_item(
    tmp_path: Path, answers: Mapping[str, str], significance: str, *, passed: bool
) -> None:
    before = finished(tmp_path, tmp_path / "before", letters())
    gate = {"baseline": {"run": "before", "significance": significance}}
    found = judged(tmp_path, gate, answers, baseline=before)
    assert found.passed == passed
    assert found.threshold == "not worse than before"
    assert "over 10 items, p " in found.message


def test_better_than_the_baseline_passes(tmp_path: Path) -> None:
    before = finished(tmp_path, tmp_path / "before", SIX_WORSE)
    found = judged(tmp_path, {"baseline": {"run": "before"}}, letters(), baseline=before)
    assert found.passed
    assert "+60.00 against 40" in found.message


def test_one_subject_is_compared_by_its_row(tmp_path: Path) -> None:
    before = finished(tmp_path, tmp_path / "before", letters())
    gate = {"benchmark": "ceval-arithmetic", "baseline": {"run": "before"}}
    assert "over 5 items" in judged(tmp_path, gate, FIVE_WORSE, baseline=before).message


def test_a_baseline_that_asked_something_else_does_not_pass(tmp_path: Path) -> None:
    before = finished(tmp_path / "old", tmp_path / "before", letters(), question="Another")
    found = judged(tmp_path, {"baseline": {"run": "before"}}, letters(), baseline=before)
    assert not found.passed
    assert "the content differs" in found.message


def test_a_baseline_that_is_gone_fails_the_gate_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    found = judged(tmp_path, {"baseline": {"run": "b"}}, letters(), baseline=tmp_path / "gone")
    assert not found.passed
    assert "the baseline cannot be read" in found.message


def test_a_mean_over_a_part_of_the_subjects_is_not_compared(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    before = finished(tmp_path, tmp_path / "before", letters())
    gate = {"benchmark": "ceval-stem", "baseline": {"run": "before"}}
    found = judged(tmp_path, gate, letters(), baseline=before)
    assert not found.passed
    assert "only these are compared item by item" in found.message


def test_sixteen_gates_fit_into_a_termination_message() -> None:
    long = "x" * 256
    gates = [
        GateOutcome(
            name=f"gate-{i}" + "n" * 50,
            passed=i % 2 == 0,
            value="1" * 12,
            threshold=">= 1",
            message=long,
        )
        for i in range(16)
    ]
    score = HeadlineScore(benchmark="b" * 60, model="m", metric="a", mode="gen", value="1", n=1)
    report = ReportOutcome(
        uri="s3://bucket/" + "u" * 300,
        digest="sha256:" + "0" * 64,
        items=ItemCounts(),
        headline=[score] * 20,
        gates=gates,
    )
    text = TerminationMessage(report=report).encoded()
    kept = TerminationMessage.model_validate_json(text).report
    assert len(text.encode()) <= MAX_TERMINATION_BYTES
    assert kept is not None
    assert [gate.passed for gate in kept.gates] == [gate.passed for gate in gates]
