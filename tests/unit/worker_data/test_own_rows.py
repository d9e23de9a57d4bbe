"""Own data is read for what it means, and only where that is clear."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import TOY, read_own, spec_of, write

from kompass_worker.datasets import read_subject
from kompass_worker.datasets.answers import settled
from kompass_worker.datasets.references import check_references
from kompass_worker.errors import InvalidData


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        pytest.param("B", "B", id="as-it-is"),
        pytest.param(" B\n", "B", id="spaces"),
        pytest.param("b", "B", id="lower-case"),
        pytest.param("Ｂ", "B", id="full-width"),
        pytest.param("ｂ", "B", id="full-width-lower-case"),
        pytest.param("B.", "B", id="stop"),
        pytest.param("(B)", "B", id="brackets"),
        pytest.param("（Ｂ）", "B", id="full-width-brackets"),
        pytest.param("B、", "B", id="chinese-comma"),
        pytest.param("【B】", "B", id="chinese-brackets"),
        pytest.param("\u3000B：", "B", id="wide-space-and-colon"),
        pytest.param("B)", "B", id="closing-bracket"),
        pytest.param("", None, id="empty"),
        pytest.param("E", None, id="no-such-option"),
        pytest.param("AB", None, id="two"),
        pytest.param("A or B", None, id="a-choice"),
        pytest.param("2", None, id="number"),
        pytest.param("B. Paris", None, id="with-its-text"),
        pytest.param("б", None, id="another-alphabet"),
    ],
)
def test_a_letter_is_read_where_one_alone_can_be_meant(answer: str, meant: str | None) -> None:
    assert settled(answer, ["A", "B", "C", "D"]) == meant


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        pytest.param(" Yes", "yes", id="case-and-space"),
        pytest.param("a", "a", id="as-it-is"),
        pytest.param("(A)", None, id="could-be-two"),
    ],
)
def test_any_label_is_read_without_its_case(answer: str, meant: str | None) -> None:
    assert settled(answer, ["yes", "no", "a", "A"]) == meant


def test_what_was_not_read_as_it_stands_is_counted_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kompass_worker.datasets")
    text = "\ufeffid, Question ,A,ANSWER\r\n0,q,x,Ａ\r\n1,r,y,B\r\n2,s,z,(c)\r\n3,,z,D\r\n"
    reading = read_own(tmp_path, text, data={"where": "question != ''"})
    assert [(held.reference, held.values[1][1]) for held in reading.rows] == [
        ("A", "q"),
        ("B", "r"),
        ("C", "s"),
    ]
    assert [name for name, _ in reading.rows[0].values] == ["id", "question", "A", "answer"]
    assert (reading.renamed, reading.corrected, reading.left_out) == (2, 2, 1)
    (logged,) = caplog.records
    found = {name: vars(logged)[name] for name in ("file", "rows", "answers_corrected")}
    assert found == {"file": "toy.csv", "rows": 3, "answers_corrected": 2}


def test_names_of_json_fields_are_read_as_those_of_columns(tmp_path: Path) -> None:
    text = '{" Question": "q", "answer ": "b"}'
    reading = read_own(tmp_path, text, data={"format": "JSONL"})
    assert reading.rows[0].values == (("question", "q"), ("answer", "B"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "question,A,answer\nq,x,A\nr,y,AC\n",
            "toy.csv row 2 (line 3): answer is 'AC'; expected A, B, C, D: several are named, so "
            "write the one that is right",
            id="two-letters",
        ),
        pytest.param(
            "question,A,answer\nq,x,1\n",
            "toy.csv row 1 (line 2): answer is '1'; expected A, B, C, D: a number may count from "
            "0 or from 1, so write the answer itself",
            id="number",
        ),
        pytest.param(
            "question,A,B,answer\nq,x,y,y\n",
            "toy.csv row 1 (line 2): answer is 'y'; expected A, B, C, D: it is the text of B, so "
            "write B",
            id="text",
        ),
        pytest.param(
            "question,answer\nq,F\n",
            "toy.csv row 1 (line 2): answer is 'F'; expected A, B, C, D",
            id="no-such-option",
        ),
        pytest.param(
            "Question,QUESTION,answer\nq,r,A\n",
            "toy.csv line 1: 'Question' and 'QUESTION' could both be 'question': name one column "
            "'question'",
            id="two-columns",
        ),
        pytest.param(
            "question,answer, answer\nq,r,A\n",
            "toy.csv line 1: column 'answer' stands twice; expected each once",
            id="twice-but-for-a-space",
        ),
    ],
)
def test_what_could_mean_two_things_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        read_own(tmp_path, text)
    assert str(caught.value) == message


def test_two_names_of_json_that_differ_by_a_space_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"field 'question' stands twice, but for spaces"):
        read_own(tmp_path, '{"question": "q", "question ": "r"}', data={"format": "JSONL"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            " question,answer\nq,A\n", r"no column 'question' \(found: ' question'", id="name"
        ),
        pytest.param(
            "question,answer\nq,A\nq,a\n",
            r"toy.csv row 2 \(line 3\): answer is 'a'; expected one capital letter",
            id="lower-case",
        ),
        pytest.param(
            "question,answer\nq,A \n", r"answer is 'A '; expected one capital", id="space"
        ),
        pytest.param("question,answer\nq,Ａ\n", r"answer is 'Ａ'; expected one", id="full-width"),
    ],
)
def test_nothing_is_corrected_where_opencompass_numbers_are_claimed(
    text: str, message: str, tmp_path: Path
) -> None:
    spec = spec_of(openCompass={"config": "toy_gen"}, extraction=[{"name": "first_capital"}])
    write(tmp_path, spec.data, text)
    with pytest.raises(InvalidData, match=message):
        check_references(spec, read_subject(tmp_path, spec, TOY, "val").rows, "toy.csv")


@pytest.mark.parametrize(
    ("changes", "answers", "references"),
    [
        pytest.param({"extraction": [{"name": "first_capital"}]}, ["z"], ["Z"], id="any-capital"),
        pytest.param({"extraction": []}, ["a", " b "], ["a", " b "], id="free-text"),
        pytest.param(
            {
                "extraction": [],
                "metric": {"name": "option_similarity", "arguments": {"options": "AB"}},
            },
            ["a"],
            ["A"],
            id="options-of-the-metric",
        ),
        pytest.param(
            {"subjects": [{"name": "toy", "scoring": {"extraction": []}}]},
            ["a"],
            ["A"],
            id="the-asked-subject-is-scored-in-the-benchmarks-way",
        ),
    ],
)
def test_the_choices_are_those_that_scoring_knows(
    changes: dict[str, Any], answers: list[str], references: list[str], tmp_path: Path
) -> None:
    text = "question,answer\n" + "".join(f"q,{answer}\n" for answer in answers)
    reading = read_own(tmp_path, text, **changes)
    assert [held.reference for held in reading.rows] == references
