"""Data files and everything that can be wrong in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.worker_eval.builders import row, spec_of, toy_folder, toy_questions, write_csv

from kompass_api.data import Data
from kompass_worker.datasets import data_digest, read_rows, rows
from kompass_worker.errors import InputMissing, InvalidData


def data_of(**changes: Any) -> Data:
    content = {"inputColumns": ["question"], "outputColumn": "answer", **changes}
    return Data.model_validate(content)


def read(folder: Path, text: str | bytes, split: str = "val", **changes: Any) -> list[rows.Row]:
    data = data_of(**changes)
    path = folder / rows.file_of(data, "toy", split)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rows(folder, data, "toy", split)


def test_a_row_keeps_its_columns_in_the_files_order(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "answer,extra,question\nA,x,q\n")
    assert only.values == (("answer", "A"), ("extra", "x"), ("question", "q"))
    assert only.reference == "A"


def test_quoted_line_breaks_quotes_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = b'\xef\xbb\xbfquestion,answer\r\n"a\n""b"", c",A\r\n\r\nd,B\r\n'
    found = read(tmp_path, text)
    assert [(held.values[0][1], held.reference, held.line) for held in found] == [
        ('a\n"b", c', "A", 2),
        ("d", "B", 5),
    ]


def test_a_test_set_may_have_no_answers(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "id,question\n0,q\n")
    assert only.reference == ""
    assert only.values[-1] == ("answer", "")


def test_a_long_passage_is_read(tmp_path: Path) -> None:
    (only,) = read(tmp_path, f"question,answer\n{'x' * 200_000},A\n")
    assert len(only.values[0][1]) == 200_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "val/toy_val.csv has no rows", id="empty-file"),
        pytest.param("question,answer\n", "val/toy_val.csv has no rows", id="header-only"),
        pytest.param(
            "id,frage,answer\n0,q,A\n",
            r"val/toy_val.csv line 1: no column 'question' \(found: id, frage, answer; "
            r"expected: question\)",
            id="no-column",
        ),
        pytest.param(
            "question,answer,question\nq,A,r\n",
            "line 1: column 'question' stands twice",
            id="twice",
        ),
        pytest.param(
            "question,answer\nq,A\nq,r,A\n", r"line 3: 3 fields, expected 2 \(question", id="comma"
        ),
        pytest.param("question,answer\nq\n", "line 2: 1 fields, expected 2", id="short-row"),
        pytest.param(
            'question,answer\nq,A\n"q,A\nr,B\n', "line 3: unexpected end", id="open-quote"
        ),
        pytest.param('question,answer\n"q"r,A\n', "line 2: .*quote fields", id="stray-quote"),
        pytest.param(
            b"question,answer\nq,A\n\xff,A\n", r"line 3: not UTF-8 \(byte 0xff\)", id="latin"
        ),
    ],
)
def test_a_wrong_csv_is_refused_where_it_is_wrong(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData, match=message):
        read(tmp_path, text)


def test_an_example_needs_an_answer(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"dev/toy_dev.csv row 2 \(line 3\): an example without"):
        read(tmp_path, "question,answer\nq,A\nr,\n", split="dev")


JSONL = {"format": "JSONL", "path": "{subject}.{split}.jsonl"}


def test_json_lines_become_text_as_python_writes_it(tmp_path: Path) -> None:
    text = '{"question": 3.0, "hint": null, "answer": "A"}\n\n{"question": "q", "answer": null}\n'
    first, second = read(tmp_path, text, **JSONL)
    assert first.values == (("question", "3.0"), ("hint", "None"), ("answer", "A"))
    assert (second.reference, second.line, second.index) == ("", 3, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{\n", r"toy.val.jsonl line 1: not JSON", id="not-json"),
        pytest.param("[1]\n", "line 1: found a JSON list; expected an object", id="a-list"),
        pytest.param(
            '{"question": "q"}\n{"q": "q"}\n',
            r"row 2 \(line 2\): no field 'question' \(found: q, answer; expected: question\)",
            id="no-field",
        ),
        pytest.param("\n", "has no rows", id="empty"),
    ],
)
def test_wrong_json_lines_are_refused_where_they_are_wrong(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData, match=message):
        read(tmp_path, text, **JSONL)


def test_a_missing_file_is_told_with_what_is_there(tmp_path: Path) -> None:
    toy_folder(tmp_path)
    with pytest.raises(InputMissing, match=r"val/toys_val.csv is not .*did you mean toy_val.csv"):
        read_rows(tmp_path, data_of(), "toys", "val")


def test_a_missing_split_is_told_with_what_is_there(tmp_path: Path) -> None:
    toy_folder(tmp_path)
    with pytest.raises(InputMissing, match="has no folder test/; there are dev, val"):
        read_rows(tmp_path, data_of(), "toy", "test")


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.sampled_from("ABCD")
        ),
        min_size=1,
    )
)
def test_whatever_csv_writes_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    write_csv(folder / "val/toy_val.csv", [row(*pair) for pair in pairs])
    found = read_rows(folder, data_of(), "toy", "val")
    assert [(dict(held.values)["question"], held.reference) for held in found] == pairs


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param("E", None, id="other-capital"),
        pytest.param("", None, id="no-answer"),
        pytest.param(
            "a", r"row 2 \(line 3\): answer is 'a'; expected one capital", id="lower-case"
        ),
        pytest.param("A ", "answer is 'A '", id="space"),
    ],
)
def test_an_answer_no_generation_could_equal_is_refused(
    answer: str, message: str | None, tmp_path: Path
) -> None:
    toy_folder(tmp_path, val=[row("q"), row("q", answer)])
    if message is None:
        assert toy_questions(spec_of(), tmp_path)[1].reference == answer
        return
    with pytest.raises(InvalidData, match=message):
        toy_questions(spec_of(), tmp_path)


def test_the_digest_covers_names_and_content_in_any_order(tmp_path: Path) -> None:
    names = ["dev/toy_dev.csv", "val/toy_val.csv"]
    before = data_digest(toy_folder(tmp_path), names)
    assert data_digest(tmp_path, names[::-1]) == before
    assert data_digest(tmp_path, names[:1]) != before
    toy_folder(tmp_path, val=[row("other")])
    assert data_digest(tmp_path, names) != before
