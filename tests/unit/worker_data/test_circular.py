"""Rotated options and ranges of rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker_data.builders import read, read_own

from kompass_worker.errors import InvalidData

TWO = "question,A,B,C,answer\nq,x,y,z,A\nr,u,v,w,\n"


def test_a_row_is_asked_once_for_each_rotation_and_its_answer_moves_along(tmp_path: Path) -> None:
    rows = read(tmp_path, TWO, circular=["A", "B", "C"])
    assert [[text for _, text in held.values[1:]] for held in rows[:3]] == [
        ["x", "y", "z", "A", "0", "['A', 'B', 'C']"],
        ["z", "x", "y", "B", "0", "['B', 'C', 'A']"],
        ["y", "z", "x", "C", "0", "['C', 'A', 'B']"],
    ]
    assert [held.index for held in rows] == [0, 1, 2, 3, 4, 5]
    assert {held.reference for held in rows[3:]} == {""}
    assert rows[3].fields["qid"] == 1
    assert rows[4].fields["circular_pattern"] == ["B", "C", "A"]
    assert [name for name, _ in rows[0].values[-2:]] == ["qid", "circular_pattern"]


def test_examples_are_not_rotated(tmp_path: Path) -> None:
    assert len(read(tmp_path, TWO.replace("w,", "w,B"), split="dev", circular=["A", "B"])) == 2


def test_an_answer_is_settled_before_it_moves(tmp_path: Path) -> None:
    text = "question,A,B,answer\nq,x,y, a\n"
    reading = read_own(tmp_path, text, data={"circular": ["A", "B"]})
    assert [held.reference for held in reading.rows] == ["A", "B"]
    assert reading.corrected == 1


def test_what_a_row_keeps_is_rotated_too(tmp_path: Path) -> None:
    rows = read(tmp_path, TWO, circular=["A", "B"], keep=["B", "question"])
    assert rows[1].values == (
        ("B", "x"),
        ("question", "q"),
        ("answer", "B"),
        ("qid", "0"),
        ("circular_pattern", "['B', 'A']"),
    )


def test_an_option_that_is_not_there_cannot_be_rotated(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"no option for data.circular 'D' \(found: question, A"):
        read(tmp_path, TWO, circular=["A", "D"])


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        pytest.param("0:2", "ab", id="first"),
        pytest.param("-2:", "de", id="last"),
        pytest.param("1:-1", "bcd", id="inner"),
        pytest.param(":", "abcde", id="all"),
        pytest.param("3:99", "de", id="beyond"),
    ],
)
def test_a_range_of_rows_is_asked(asked: str, questions: str, tmp_path: Path) -> None:
    text = "question,answer\n" + "".join(f"{name},A\n" for name in "abcde")
    rows = read(tmp_path, text, testRange=asked)
    assert "".join(held.values[0][1] for held in rows) == questions
    assert [held.index for held in rows] == list(range(len(questions)))


def test_a_range_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, TWO, testRange="5:9")
    assert str(caught.value) == (
        "toy.csv has 2 rows to ask, of which data.testRange '5:9' takes none; expected at least one"
    )


def test_a_where_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, TWO, where="answer == 'Z'")
    assert str(caught.value) == (
        "toy.csv has no rows: data.where leaves out all of them; expected at least one"
    )
