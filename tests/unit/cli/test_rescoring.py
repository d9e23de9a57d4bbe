"""A run scored again from its answers: a report of its own beside the old one, and no model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit.cli.finished import finished, place_of
from unit.worker.runs import bench_of, write_data

from kompass_api.benchmark import extraction_of
from kompass_api.benchmark import metric_of as chosen_metric
from kompass_api.scoring import ExtractionStep, Metric
from kompass_worker.backends.models import LoadedModel
from kompass_worker.benchmarks import builtin
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.cli.rescore import metric_of, steps_of
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.runs import open_run
from kompass_worker.runs.inspection import Filter, Mark, chosen
from kompass_worker.runs.rescoring import Rules, rescore, ruled
from kompass_worker.stages.workplace import Workplace

SAYS = {f"ceval-gen/geography/{row}": "Answer: B" for row in range(5)}
OPTION = Rules(extraction=(ExtractionStep(name="first_option@0.5", arguments={"options": "ABCD"}),))


class NoModels:
    """Fails the test that loads one."""

    def tokenizer(self, model: object) -> object:
        raise AssertionError(model)

    def load(self, model: object) -> LoadedModel:
        raise AssertionError(model)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    finished(tmp_path, tmp_path / "run", SAYS)
    return replace(place_of(bench_of(tmp_path), tmp_path / "run"), models=NoModels())  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "rescored" not in path.parts
    }


def value(folder: Path, row: str = "ceval-geography") -> float | None:
    return next(held.value for held in open_run(folder).report.scores if held.row_name == row)


def test_the_new_report_lies_beside_the_old_one(place: Workplace, tmp_path: Path) -> None:
    held = contents(tmp_path / "run")
    done = rescore(place, OPTION)
    assert contents(tmp_path / "run") == held
    assert done.folder.startswith("rescored/")
    # The first capital of "Answer: B" is its A, which is right of rows 0 and 4; B is right of 1.
    assert value(tmp_path / "run") == 40.0
    assert value(tmp_path / "run" / done.folder) == 20.0
    # What was counted is known there too: the items are right and wrong.
    marks = [item.marks for item in chosen(open_run(tmp_path / "run" / done.folder), Filter())]
    assert set(marks) == {(Mark.WRONG,)}


def test_new_rules_change_the_content_hash_and_not_the_version(
    place: Workplace, tmp_path: Path
) -> None:
    done = rescore(place, OPTION)
    before, after = open_run(tmp_path / "run"), open_run(tmp_path / "run" / done.folder)
    for old, new in zip(before.report.data, after.report.data, strict=True):
        assert old.oc_version == new.oc_version
        assert old.data_digest == new.data_digest
        assert old.content_hash != new.content_hash


def test_the_same_rules_give_the_same_report(place: Workplace, tmp_path: Path) -> None:
    done = rescore(place, Rules())
    old, new = (open_run(tmp_path / folder).report for folder in ("run", f"run/{done.folder}"))
    assert new.scores == old.scores


def test_scoring_twice_is_no_change(place: Workplace, tmp_path: Path) -> None:
    first = rescore(place, OPTION)
    held = (tmp_path / "run" / first.folder / "report/report.json").read_bytes()
    assert rescore(place, OPTION).folder == first.folder
    assert (tmp_path / "run" / first.folder / "report/report.json").read_bytes() == held


def test_other_data_is_refused(place: Workplace, tmp_path: Path) -> None:
    write_data(tmp_path / "data", question="Another question")
    with pytest.raises(InvalidData, match="ceval-gen/geography is not what it was"):
        rescore(place, OPTION)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param(Rules(("ceval-gem",)), "no benchmark 'ceval-gem'; did you mean", id="name"),
        pytest.param(
            Rules(metric=Metric(name="accuracies")),
            "no metric 'accuracies'; did you mean",
            id="metric",
        ),
    ],
)
def test_wrong_rules_are_refused(place: Workplace, rules: Rules, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        rescore(place, rules)


def test_extraction_of_a_perplexity_benchmark_is_refused(tmp_path: Path) -> None:
    finished(tmp_path, tmp_path / "run", method="ppl")
    place = place_of(bench_of(tmp_path, method="ppl"), tmp_path / "run")
    with pytest.raises(InvalidRequest, match="extraction belongs to methods that generate"):
        rescore(place, OPTION)


@pytest.mark.parametrize(
    ("texts", "steps"),
    [
        pytest.param([], None, id="nothing-said"),
        pytest.param(["none"], (), id="no-rule"),
        pytest.param(
            ["strip", "first_option@0.5:options=ABCD,cushion=false"],
            (
                ExtractionStep(name="strip"),
                ExtractionStep(
                    name="first_option@0.5", arguments={"options": "ABCD", "cushion": "false"}
                ),
            ),
            id="a-chain",
        ),
        pytest.param(
            ["regex:pattern=[A-D]{1,2},,x{0,1},group=1"],
            (
                ExtractionStep(
                    name="regex", arguments={"pattern": "[A-D]{1,2},,x{0,1}", "group": "1"}
                ),
            ),
            id="commas-in-a-value",
        ),
    ],
)
def test_rules_on_the_command_line(
    texts: list[str], steps: tuple[ExtractionStep, ...] | None
) -> None:
    assert steps_of(texts) == steps


@pytest.mark.parametrize(
    "text", ["accuracy:strict", "accuracy:strict,k=1", "accuracy:", "Accuracy"]
)
def test_wrong_rules_on_the_command_line(text: str) -> None:
    with pytest.raises(WrongUsage, match="--metric"):
        metric_of(text)


def test_a_list_of_numbers_is_one_value() -> None:
    assert metric_of("g_pass_at_k:k=1,2,runs=4") == Metric(
        name="g_pass_at_k", arguments={"k": "1,2", "runs": "4"}
    )


@pytest.mark.parametrize("name", ["bbh-gen", "bbh-512-gen"])
@pytest.mark.parametrize(
    ("rules", "extractions", "metrics"),
    [
        pytest.param(
            OPTION, {"first_option@0.5"}, {"bbh_choice", "bbh_free_form"}, id="extraction-alone"
        ),
        pytest.param(
            Rules(metric=Metric(name="accuracy")), {"bbh_mcq", ""}, {"accuracy"}, id="metric-alone"
        ),
    ],
)
def test_a_subjects_own_rules_change_where_a_new_one_is_given(
    tmp_path: Path, name: str, rules: Rules, extractions: set[str], metrics: set[str]
) -> None:
    document = bench_of(tmp_path).document
    asked = document.benchmarks[0].model_copy(update={"name": name})
    (changed,) = ruled(document.model_copy(update={"benchmarks": [asked]}), rules).benchmarks
    assert changed.spec is not None
    before, after = named(builtin(name)), named(changed.spec)
    assert [held.name for held in after.subjects] == [held.name for held in before.subjects]
    assert after.groups == before.groups
    chains = [extraction_of(changed.spec, subject) for subject in after.subjects]
    assert {"".join(step.name for step in chain) for chain in chains} == extractions
    assert {chosen_metric(changed.spec, subject).name for subject in after.subjects} == metrics
