"""CSV and TSV files, and everything that can be wrong in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import data_of, read, write

from kompass_worker.datasets import read_rows
from kompass_worker.errors import InputMissing, InvalidData


def test_a_row_keeps_its_columns_in_the_files_order(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "answer,extra,question\nA,x,q\n")
    assert only.values == (("answer", "A"), ("extra", "x"), ("question", "q"))
    assert (only.reference, only.place) == ("A", "row 1 (line 2)")


def test_quoted_line_breaks_quotes_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = b'\xef\xbb\xbfquestion,answer\r\n"a\r\n""b"", c",A\r\n\r\nd,B\r\n'
    assert [(held.values[0][1], held.reference, held.line) for held in read(tmp_path, text)] == [
        ('a\n"b", c', "A", 2),
        ("d", "B", 5),
    ]


def test_a_test_set_may_have_no_answers(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "id,question\n0,q\n")
    assert (only.reference, only.values[-1]) == ("", ("answer", ""))


def test_a_long_passage_is_read(tmp_path: Path) -> None:
    (only,) = read(tmp_path, f"question,answer\n{'x' * 200_000},A\n")
    assert len(only.values[0][1]) == 200_000


def test_a_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    (only,) = read(tmp_path, ",question,answer,\n7,{},A,\n")
    assert only.values == (("question", "{}"), ("answer", "A"))


def test_tabs_part_the_fields_of_tsv(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "question\tanswer\na, b\tA\n", format="TSV")
    assert only.values == (("question", "a, b"), ("answer", "A"))


def test_a_file_without_a_header_gets_one(tmp_path: Path) -> None:
    first, _ = read(tmp_path, "q,A\nr,B\n", header=["question", "answer"])
    assert (first.values, first.line) == ((("question", "q"), ("answer", "A")), 1)


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        pytest.param("", {}, "toy.csv has no rows; expected at least one", id="empty-file"),
        pytest.param(
            "question,answer\n", {}, "toy.csv has no rows; expected at least one", id="header-only"
        ),
        pytest.param(
            "id,frage,answer\n0,q,A\n",
            {},
            "toy.csv line 1: no column 'question' (found: id, frage, answer; expected: question)",
            id="no-column",
        ),
        pytest.param(
            " question,answer\nq,A\n",
            {},
            "toy.csv line 1: no column 'question' (found: ' question', answer; expected: question)",
            id="space-where-data-is-exact",
        ),
        pytest.param(
            "question;answer\nq;A\n",
            {},
            "toy.csv line 1: no column 'question' (found: question;answer; expected: question); "
            "the fields seem parted by semicolons: save the file with commas",
            id="semicolons",
        ),
        pytest.param(
            "question,answer,question\nq,A,r\n",
            {},
            "toy.csv line 1: column 'question' stands twice; expected each once",
            id="twice",
        ),
        pytest.param(
            "question,answer\nq,A\nq,r,A\n",
            {},
            "toy.csv line 3: 3 fields, expected 2 (question, answer); quote fields with commas or "
            "line breaks",
            id="comma",
        ),
        pytest.param(
            "question,answer\nq\n",
            {},
            "toy.csv line 2: 1 fields, expected 2 (question, answer); quote fields with commas or "
            "line breaks",
            id="short-row",
        ),
        pytest.param(
            "q,A\n",
            {"header": ["question", "hint", "answer"]},
            "toy.csv line 1: 2 fields, expected 3 (question, hint, answer); quote fields with "
            "commas or line breaks",
            id="not-the-header-that-was-given",
        ),
        pytest.param(
            "question,answer\nq,A\n",
            {"header": ["question", "answer"]},
            "toy.csv line 1: these are the names of data.header; expected a row: the file has a "
            "header of its own, so remove data.header",
            id="header-of-its-own",
        ),
        pytest.param(
            'question,answer\nq,A\n"q,A\nr,B\n',
            {},
            "toy.csv line 3: unexpected end of data; quote fields with commas, quotes or line "
            "breaks, and double the quotes in them",
            id="open-quote",
        ),
        pytest.param(
            'question,answer\n"q"r,A\n',
            {},
            "toy.csv line 2: ',' expected after '\"'; quote fields with commas, quotes or line "
            "breaks, and double the quotes in them",
            id="stray-quote",
        ),
        pytest.param(
            b"question,answer\nq,A\n\xff,A\n",
            {},
            "toy.csv line 3: not UTF-8 (byte 0xff); save the file as UTF-8",
            id="latin",
        ),
        pytest.param(
            "question,answer\nq,A\n".encode("utf-16"),
            {},
            "toy.csv line 1: the file is UTF-16; save the file as UTF-8",
            id="utf-16",
        ),
        pytest.param(
            "question,answer\nq,A\nq\0,B\n",
            {},
            "toy.csv line 3: found a NUL character; expected text: save the file as UTF-8",
            id="nul",
        ),
    ],
)
def test_a_wrong_table_is_refused_where_it_is_wrong(
    text: str | bytes, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, text, **changes)
    assert str(caught.value) == message


def test_a_huge_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"toy.csv line 2: field larger than field limit"):
        read(tmp_path, f"question,answer\n{'x' * (16 * 1024 * 1024 + 1)},A\n")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, data_of(), "")
    with path.open("wb") as opened:
        opened.truncate(2**30 + 1)
    with pytest.raises(InvalidData, match=r"has 1073741825 bytes; expected at most 1073741824"):
        read_rows(tmp_path, data_of(), "toy", "val")


def test_an_example_needs_an_answer(tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, "question,answer\nq,A\nr,\n", split="dev")
    assert str(caught.value) == (
        "toy.csv row 2 (line 3): an example without answer; expected the answer"
    )


def test_rows_that_are_asked_need_no_answer_though_they_are_the_examples_too(
    tmp_path: Path,
) -> None:
    (only,) = read(tmp_path, "question\nq\n", exampleSplit="val")
    assert only.reference == ""


@pytest.mark.parametrize(
    ("subject", "split", "message"),
    [
        pytest.param(
            "toys", "val", r"val/toys.csv is not .*did you mean toy.csv\? in val/", id="file"
        ),
        pytest.param("toy", "test", r"has no folder test/; there are dev, val", id="split"),
    ],
)
def test_a_missing_file_is_told_with_what_is_there(
    subject: str, split: str, message: str, tmp_path: Path
) -> None:
    data = data_of(path="{split}/{subject}.csv")
    for there in ("dev", "val"):
        write(tmp_path, data, "question,answer\nq,A\n", there)
    with pytest.raises(InputMissing, match=message):
        read_rows(tmp_path, data, subject, split)
