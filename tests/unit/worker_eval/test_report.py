"""Renderings of a report, compared with files a person has read."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from rich.cells import cell_len
from unit.worker_eval.builders import ENVIRONMENT, sample_of

from kompass_api.methods import Method
from kompass_api.plandocument import Plan, PlannedGroup, PlannedShard, PlannedSubject
from kompass_api.results import (
    Completeness,
    DataLineage,
    Interval,
    ModelLineage,
    Report,
    Score,
    Shortened,
)
from kompass_api.scoring import GroupMean, GroupMember, Table
from kompass_worker.report import renderings, rules_of, sample_lines, table
from kompass_worker.report.texts import markdown, printable, spreadsheet
from kompass_worker.scoring.metrics import metric_named

GOLDEN = Path(__file__).parent / "golden"


def score(row_name: str, model: str, value: float | None, *, version: str = "db9ce2") -> Score:
    is_group = version == "-"
    return Score(
        model=model,
        benchmark="ceval-gen",
        row_name=row_name,
        kind="group" if is_group else "subject",
        oc_version=version,
        metric="naive_average" if is_group else "accuracy",
        mode="gen",
        value=value,
        stderr=None if value is None else 4.321,
        interval=None
        if value is None
        else Interval(low=max(0, value - 8), high=min(100, value + 8)),
        n=0 if value is None else 21,
        unscored=2 if value is None else 0,
    )


REPORT = Report(
    namespace="default",
    run="demo",
    uid="1f0c",
    profile="opencompass@0.5",
    seed=0,
    run_digest="sha256:aa",
    plan_digest="sha256:bb",
    completeness=Completeness(planned=23, answered=23, duplicates=0),
    scores=[
        score("ceval-computer_network", "smol", 2.675),
        score("ceval-computer_network", "large|model", 100.0),
        score("ceval-law", "smol", None, version="8ff17c"),
        score("ceval-law", "large|model", 9.5, version="8ff17c"),
        score("法学-平均", "large|model", 54.75, version="-"),
    ],
    models=[
        ModelLineage(model="smol", source="hf://smol/lm", revision="v1", environment=ENVIRONMENT),
        ModelLineage(model="large|model", source="s3://bucket/large", environment=ENVIRONMENT),
    ],
    data=[
        DataLineage(
            benchmark="ceval-gen",
            subject=name,
            oc_version=version,
            content_hash="sha256:cc",
            data_digest="sha256:dd",
        )
        for name, version in (("computer_network", "db9ce2"), ("law", "8ff17c"))
    ],
)


@pytest.mark.parametrize("name", sorted(renderings(REPORT)))
def test_a_rendering_is_as_it_was_read(name: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(renderings(REPORT)[name], "utf-8", newline="")
    assert renderings(REPORT)[name] == path.read_bytes().decode()


def test_there_is_no_other_rendering_and_no_other_golden_file() -> None:
    assert set(renderings(REPORT)) == {path.name for path in GOLDEN.iterdir()}


def test_report_json_is_the_report() -> None:
    assert Report.model_validate_json(renderings(REPORT)["report.json"]) == REPORT


def test_the_table_is_aligned_in_terminal_cells() -> None:
    # 2.675 is stored a little below itself and printed as it is stored, as OpenCompass does.
    header, rule, *rows = table(REPORT).splitlines()
    assert header.split() == ["dataset", "version", "metric", "mode", "smol", "large|model"]
    assert {cell_len(line) for line in (header, rule, *rows)} == {cell_len(header)}
    assert rows[0].split()[-2:] == ["2.67", "100.00"]


def test_the_csv_is_read_again_as_the_table() -> None:
    header, *rows = csv.reader(io.StringIO(renderings(REPORT)["report.csv"]))
    assert header[4:] == ["smol", "large|model"]
    assert rows[1] == ["ceval-law", "8ff17c", "accuracy", "gen", "-", "9.50"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("-2+3", "'-2+3", id="minus"),
        pytest.param("-2.5", "-2.5", id="number"),
        pytest.param("-", "-", id="the-mark-for-missing"),
        pytest.param("ceval-law", "ceval-law", id="harmless"),
    ],
)
def test_a_spreadsheet_runs_nothing(text: str, expected: str) -> None:
    assert spreadsheet(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a|b", r"a\|b", id="border"),
        pytest.param("<img src=x>", "&lt;img src=x&gt;", id="html"),
        pytest.param("[a](b)", r"\[a\](b)", id="link"),
        pytest.param("a_b*c`d`", r"a\_b\*c\`d\`", id="emphasis-and-code"),
        pytest.param("a\nb", "a\N{REPLACEMENT CHARACTER}b", id="line-break"),
    ],
)
def test_a_page_shows_text_as_it_is(text: str, expected: str) -> None:
    assert markdown(text) == expected


def test_a_terminal_is_told_nothing_by_a_name() -> None:
    assert "\x1b" not in printable("\x1b[2Jname")


def test_the_text_has_opencompass_s_four_sections_where_its_profile_is_followed() -> None:
    lines = renderings(REPORT)["report.txt"].splitlines()
    forms = [line for line in lines if line.endswith(" format")]
    assert forms == ["tabulate format", "csv format", "markdown format", "raw format"]
    assert lines.count("^" * 128) == lines.count("$" * 128) == 4
    assert "ceval-computer_network: {'accuracy': 2.675}" in lines


def test_the_text_of_new_work_is_the_table_and_its_notes() -> None:
    text = renderings(REPORT.model_copy(update={"profile": "kompass@1"}))["report.txt"]
    assert text.startswith(f"{table(REPORT)}\nRun default/demo")


def test_an_incomplete_report_says_so() -> None:
    proof = Completeness(planned=3, answered=2, duplicates=0, missing=["smol/b/s/1"], unexpected=1)
    text = renderings(REPORT.model_copy(update={"completeness": proof}))["report.txt"]
    assert "INCOMPLETE: 2 of 3 planned items were answered, 1 answers were not planned." in text
    assert "smol/b/s/1" in text


def test_a_sample_is_a_line_of_json() -> None:
    held = [sample_of("b/s/0", 1.0), sample_of("b/s/1", None)]
    lines = list(sample_lines(held))
    assert [json.loads(line)["score"] for line in lines] == [1.0, None]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_lm_eval_json_speaks_of_one_model_in_fractions() -> None:
    found = json.loads(renderings(REPORT)["lm_eval-smol.json"])
    assert found["results"]["ceval-computer_network"]["acc,none"] == pytest.approx(0.02675)
    assert found["results"]["ceval-computer_network"]["acc_stderr,none"] == pytest.approx(0.04321)
    assert "acc,none" not in found["results"]["ceval-law"]
    assert found["n-samples"]["ceval-law"] == {"original": 2, "effective": 0}
    assert found["versions"]["ceval-law"] == "8ff17c"


@pytest.mark.parametrize(
    ("name", "value", "is_up"),
    [
        pytest.param("average_ppl", 7.54, False, id="average_ppl"),
        pytest.param("bits_per_character", 7.54, False, id="bits_per_character"),
        pytest.param("truthfulqa_bleu", 7.54, True, id="from-0-to-1"),
        pytest.param("edit_distance", 0.0754, True, id="edit_distance"),
        pytest.param("accuracy", 0.0754, True, id="accuracy"),
    ],
)
def test_lm_eval_json_has_the_direction_and_the_unit_of_the_metric(
    name: str, value: float, is_up: bool
) -> None:
    metric = metric_named(name, {})
    key = metric.rows[0]
    rows = [
        score("a", "smol", 7.54).model_copy(update={"metric": key}),
        score("all", "smol", 7.54, version="-").model_copy(update={"metric": key}),
    ]
    report = REPORT.model_copy(update={"scores": rows, "models": REPORT.models[:1]})
    members = [GroupMember(row="a", benchmark="ceval-gen")]
    group = PlannedGroup(
        name="all",
        benchmark="ceval-gen",
        members=members,
        mean=GroupMean.NAIVE_AVERAGE,
        metric=key,
    )
    shard = PlannedShard(index=0, model="smol", tokens=0, items=[])
    subject = PlannedSubject(
        benchmark="ceval-gen",
        subject="s",
        row_name="a",
        method=Method.GENERATION,
        metric=name,
        oc_version="-",
        content_hash="sha256:c",
        data_digest="sha256:d",
        items=1,
    )
    plan = Plan(run_digest="sha256:r", subjects=[subject], groups=[group], shards=[shard])
    rules = rules_of(plan, {("ceval-gen", "s"): metric})
    found = json.loads(renderings(report, rules)["lm_eval.json"])
    shown = "acc" if key == "accuracy" else key
    for row in ("a", "all"):
        assert found["results"][row][f"{shown},none"] == pytest.approx(value)
        assert found["higher_is_better"][row] == {shown: is_up}


@pytest.mark.parametrize(
    ("uid", "whose"), [("1f0c", "default/demo (1f0c),"), ("", "default/demo,")]
)
def test_a_run_without_an_object_has_no_brackets(uid: str, whose: str) -> None:
    text = renderings(REPORT.model_copy(update={"uid": uid}))["report.txt"]
    assert f"Run {whose} profile" in text


def test_rows_of_two_benchmarks_have_names_of_their_own_in_lm_eval_json() -> None:
    twin = REPORT.scores[0].model_copy(update={"benchmark": "ceval-ppl", "mode": "ppl"})
    report = REPORT.model_copy(
        update={"scores": [REPORT.scores[0], twin], "models": REPORT.models[:1]}
    )
    found = json.loads(renderings(report)["lm_eval.json"])
    assert list(found["results"]) == [
        "ceval-gen:ceval-computer_network",
        "ceval-ppl:ceval-computer_network",
    ]


def test_metrics_of_a_data_set_stand_in_opencompass_order() -> None:
    rows = [
        REPORT.scores[0].model_copy(update={"row_name": name, "metric": metric})
        for name, metric in (("a", "rouge2"), ("a", "rouge1"), ("b", "zeta"), ("a", "score"))
    ]
    found = csv.reader(
        io.StringIO(renderings(REPORT.model_copy(update={"scores": rows}))["report.csv"])
    )
    assert [(row[0], row[2]) for row in list(found)[1:]] == [
        ("a", "score"),
        ("a", "rouge1"),
        ("a", "rouge2"),
        ("b", "zeta"),
    ]


def test_the_notes_count_what_was_not_asked_corrected_or_did_not_fit() -> None:
    data = [REPORT.data[0].model_copy(update={"left_out": 3, "corrected": 2}), *REPORT.data[1:]]
    short = Shortened(
        model="small", benchmark="ceval-gen", items=4, examples_dropped=7, truncated=1
    )
    text = renderings(REPORT.model_copy(update={"data": data, "shortened": [short]}))["report.txt"]
    assert "3 rows of the data were not asked" in text
    assert "2 reference answers were read for what they mean" in text
    assert (
        "small: 4 prompts of ceval-gen did not fit: 7 examples were dropped, 1 prompts were cut."
        in text
    )


def test_the_table_has_the_rows_that_were_wanted_in_their_order() -> None:
    names = list(dict.fromkeys(score.row_name for score in REPORT.scores))
    wanted = Table(rows=[names[-1], "ceval-nowhere", names[0]])
    _, *rows = csv.reader(
        io.StringIO(renderings(REPORT.model_copy(update={"table": wanted}))["report.csv"])
    )
    assert [row[0] for row in rows] == [names[-1], "ceval-nowhere", names[0]]
    assert set(rows[1][1:]) == {"-"}
