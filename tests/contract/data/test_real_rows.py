"""Real data files beside the checkout, through the built-in benchmarks and as own data."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kompass_api.benchmark import Subject
from kompass_api.data import Data
from kompass_worker.benchmarks import builtin, catalogue
from kompass_worker.datasets import Row, read_rows, read_subject, subjects_in
from kompass_worker.datasets.own_data import read_own_data
from kompass_worker.datasets.own_meta import OwnMeta

pytestmark = pytest.mark.shared


def rows_of(name: str, folder: Path, subject: str, split: str | None = None) -> list[Row]:
    """The rows that a built-in benchmark makes of a file."""
    spec = builtin(name)
    return read_subject(folder, spec, Subject(name=subject), split or spec.data.test_split).rows


def json_lines(path: Path) -> list[dict[str, Any]]:
    """An object a line, read by nothing of ours."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def table(path: Path) -> list[dict[str, str]]:
    """A CSV file, read by nothing of ours."""
    with path.open(encoding="utf-8-sig") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize(
    ("folder", "splits"),
    [
        pytest.param("gaokao_ceval", {"dev": 45, "val": 363, "test": 114}, id="gaokao"),
        pytest.param("tiny_mc", {"dev": 25, "val": 68}, id="tiny_mc"),
    ],
)
def test_c_eval_folders_are_read_to_the_letter(
    folder: str, splits: dict[str, int], shared: Path
) -> None:
    place = shared / "data" / folder
    spec = builtin("ceval-gen")
    counted: Counter[str] = Counter()
    for subject in catalogue(spec, place).subjects:
        for split in splits:
            expected = table(place / split / f"{subject.name}_{split}.csv")
            reading = read_subject(place, spec, subject, split)
            assert [dict(row.values) for row in reading.rows] == [
                {"answer": "", **row} for row in expected
            ]
            assert (reading.renamed, reading.corrected) == (0, 0)
            counted[split] += len(reading.rows)
    assert counted == splits


def test_c_eval_subjects_are_found_without_a_mapping(shared: Path) -> None:
    place = shared / "data/gaokao_ceval"
    mapping = json.loads((place / "subject_mapping.json").read_text("utf-8"))
    found = subjects_in(place, builtin("ceval-gen").data)
    assert {subject.name for subject in found} == set(mapping)


@pytest.mark.parametrize(
    ("task", "answers"),
    [
        pytest.param("aqua-rat", set("ABCDE"), id="five-options"),
        pytest.param("sat-math", set("ABCD"), id="four-options"),
        pytest.param("gaokao-mathcloze", None, id="cloze"),
    ],
)
def test_agieval_rows(task: str, answers: set[str] | None, shared: Path) -> None:
    place = shared / "data/agieval"
    rows = rows_of("agieval-gen", place, task)
    source = json_lines(place / f"{task}.jsonl")
    assert [row.reference for row in rows] == [row["label"] or row["answer"] for row in source]
    assert answers is None or {row.reference for row in rows} == answers
    assert [row.fields["question"] for row in rows] == [
        (row["passage"] or "") + row["question"] for row in source
    ]


def test_bbh_rows(shared: Path) -> None:
    place = shared / "data/bbh"
    for file in sorted((place / "data").iterdir()):
        source = json.loads(file.read_text("utf-8"))["examples"]
        rows = rows_of("bbh-gen", place, file.stem)
        assert [dict(row.values) for row in rows] == source
        assert len(rows) == 30


def test_gsm8k_rows(shared: Path) -> None:
    place = shared / "data/gsm8k"
    for split, count in (("test", 120), ("train", 24)):
        rows = rows_of("gsm8k-gen", place, "gsm8k", split)
        source = json_lines(place / f"{split}.jsonl")
        assert [row.fields["question"] for row in rows] == [row["question"] for row in source]
        assert [float(row.reference) for row in rows] == [
            float(row["answer"].rpartition("#### ")[2].replace(",", "")) for row in source
        ]
        assert len(rows) == count


def test_truthfulqa_rows(shared: Path) -> None:
    place = shared / "data/truthfulqa"
    source = table(place / "generation.csv")
    for name in ("truthfulqa-gen", "truthfulqa-mc1", "truthfulqa-mc2"):
        rows = rows_of(name, place, "truthfulqa")
        assert [row.fields["question"] for row in rows] == [row["Question"] for row in source]
    first = rows_of("truthfulqa-mc1", place, "truthfulqa")[0]
    assert first.fields["choices"] == [
        source[0]["Best Answer"].strip(),
        *(wrong.strip() for wrong in source[0]["Incorrect Answers"].split("; ")),
    ]


def test_blimp_pairs(shared: Path) -> None:
    place = shared / "data/blimp"
    data = builtin("blimp").data
    source = json_lines(place / "pairs.jsonl")
    paradigms = Counter(row["UID"] for row in source)
    assert set(paradigms.values()) == {40}
    for paradigm in paradigms:
        changes = {"path": "pairs.jsonl", "where": f"UID == '{paradigm}'"}
        rows = read_rows(place, data.model_copy(update=changes), paradigm, data.test_split)
        assert [row.fields["choices"] for row in rows] == [
            [row["sentence_good"], row["sentence_bad"]] for row in source if row["UID"] == paradigm
        ]


def test_open_questions_keep_their_numbers(shared: Path) -> None:
    place = shared / "data/gaokao_open"
    data = Data.model_validate(
        {
            "format": "JSONL",
            "path": "data.jsonl",
            "inputColumns": ["question", "category"],
            "outputColumn": "reference",
        }
    )
    rows = read_rows(place, data, "open", "test")
    source = json_lines(place / "data.jsonl")
    assert [dict(row.fields) for row in rows] == source
    assert [dict(row.values)["full_score"] for row in rows] == [
        str(row["full_score"]) for row in source
    ]


@pytest.mark.parametrize(
    ("file", "options", "items"),
    [
        pytest.param("truthfulqa/mc.csv", "ABCD", 150, id="truthfulqa"),
        pytest.param("gaokao_ceval/val/high_school_physics_val.csv", "ABCD", 12, id="gaokao"),
        pytest.param("gaokao_ceval/test/high_school_physics_test.csv", "ABCD", 3, id="no-answers"),
        pytest.param("gsm8k/test.jsonl", "", 120, id="gsm8k"),
        pytest.param("mbpp/test.jsonl", None, None, id="no-question"),
    ],
)
def test_files_as_own_data(file: str, options: str | None, items: int | None, shared: Path) -> None:
    path = shared / "data" / file
    said = OwnMeta(human_prompt="{text}") if options is None else OwnMeta()
    made, reading = read_own_data(path, said)
    assert made.spec.metric.arguments == ({"options": options} if options else {})
    assert (reading.renamed, reading.corrected, reading.left_out) == (0, 0, 0)
    assert items is None or len(reading.rows) == items


def test_truthfulqa_in_every_rotation(shared: Path) -> None:
    path = shared / "data/truthfulqa/mc.csv"
    _, reading = read_own_data(path, OwnMeta.model_validate({"data_type": "circular-mcq"}))
    assert len(reading.rows) == 600
    right = [
        {str(row.fields[row.reference]) for row in reading.rows[at : at + 4]}
        for at in range(0, 600, 4)
    ]
    assert right == [{row[row["answer"]]} for row in table(path)]
    assert Counter(row.reference for row in reading.rows) == dict.fromkeys("ABCD", 150)
