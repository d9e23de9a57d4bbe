"""What holds for any rows: they are read as they were written, in whatever form they came."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.worker_data.builders import TOY, data_of, read_own, write

from kompass_api.data import Data, DataFormat
from kompass_worker.datasets import Row, data_digest, read_rows
from kompass_worker.datasets.answers import LETTERS, settled
from kompass_worker.datasets.circular import rotations
from kompass_worker.datasets.values import Record
from kompass_worker.errors import InvalidData, InvalidRequest

# A NUL is refused, and line breaks are all one: both have tests of their own.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))
tables = st.lists(
    st.fixed_dictionaries({"question": texts, "hint": texts, "answer": texts}), min_size=1
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
orders = st.permutations(["question", "hint", "answer"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def as_csv(
    rows: list[dict[str, str]],
    order: list[str],
    line_end: str = "\n",
    delimiter: str = ",",
) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(
        text, order, lineterminator=line_end, delimiter=delimiter, quoting=csv.QUOTE_ALL
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_back(folder: Path, text: str | bytes, form: str) -> list[Row]:
    data = data_of(format=form, inputColumns=["question", "hint"])
    write(folder, data, text)
    return read_rows(folder, data, TOY.name, "val")


def refusal(folder: Path, data: Data) -> str:
    """What is said against a file; its name where it was read."""
    try:
        rows = read_rows(folder, data, TOY.name, "val")
    except (InvalidData, InvalidRequest) as error:
        return str(error)
    return f"{data.path.format(subject=TOY.name)} has {len(rows)} rows"


@given(rows=tables, order=orders, form=st.sampled_from([DataFormat.CSV, DataFormat.TSV]))
def test_any_text_comes_back_from_a_table(
    folder: Path, rows: list[dict[str, str]], order: list[str], form: DataFormat
) -> None:
    text = as_csv(rows, order, delimiter="\t" if form is DataFormat.TSV else ",")
    found = read_back(folder, text, form)
    assert [dict(held.values) for held in found] == rows
    assert [name for name, _ in found[0].values] == order


@given(rows=tables, order=orders, line_end=st.sampled_from(["\n", "\r\n", "\r"]), bom=st.booleans())
def test_rows_do_not_depend_on_line_ends_a_byte_order_mark_or_the_order_of_columns(
    folder: Path, rows: list[dict[str, str]], order: list[str], line_end: str, bom: bool
) -> None:
    # As an editor saves them: line breaks inside of quotes become the system's too.
    text = as_csv(rows, order).replace("\n", line_end)
    found = read_back(folder, text.encode("utf-8-sig" if bom else "utf-8"), "CSV")
    assert [dict(held.values) for held in found] == rows


@given(
    rows=st.lists(st.dictionaries(texts, values, max_size=4), min_size=1),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    ascii_only=st.booleans(),
)
def test_any_value_comes_back_from_json_lines_and_from_json(
    folder: Path, rows: list[dict[str, Any]], line_end: str, ascii_only: bool
) -> None:
    complete = [{**row, "question": "q", "hint": None, "answer": "A"} for row in rows]
    lines = line_end.join(json.dumps(row, ensure_ascii=ascii_only) for row in complete)
    document = json.dumps(complete, ensure_ascii=ascii_only, indent=1)
    found = read_back(folder, lines, "JSONL")
    assert [held.fields for held in read_back(folder, document, "JSON")] == [
        held.fields for held in found
    ]
    for held, row in zip(found, complete, strict=True):
        assert {name: held.fields[name] for name in row} == row
        assert all(text == str(held.fields[name]) for name, text in held.values)
        assert list(held.fields)[: len(complete[0])] == list(complete[0])


@given(
    content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    form=st.sampled_from([form.value for form in DataFormat]),
)
def test_whatever_lies_in_a_file_it_is_read_or_refused_by_its_name(
    folder: Path, content: bytes, form: str
) -> None:
    data = data_of(format=form)
    write(folder, data, content)
    assert refusal(folder, data).startswith("toy.")


@given(expression=st.text(st.sampled_from("abc[]()@.,|&?'`\"*{}:0 length"), min_size=1))
def test_whatever_an_expression_says_it_works_or_is_refused(folder: Path, expression: str) -> None:
    data = data_of(format="JSONL", where=expression)
    write(folder, data, '{"question": "q", "a": {"b": [1, {"c": null}]}, "answer": "A"}')
    assert refusal(folder, data).startswith(("toy.jsonl", "data.where is "))


@given(
    letter=st.sampled_from("ABCD"),
    around=st.sampled_from(["{}", "({})", "（{}）", "{}.", "{}、", " {} ", "\u3000{}\t", "“{}”"]),
    form=st.sampled_from([str, str.lower, lambda text: chr(ord(text) + 0xFEE0)]),
)
def test_one_letter_is_read_however_it_is_written(
    folder: Path, letter: str, around: str, form: Any
) -> None:
    text = as_csv(
        [{"question": "q", "answer": around.format(form(letter))}], ["question", "answer"]
    )
    assert read_own(folder, text).rows[0].reference == letter


@given(answer=st.text(), choices=st.lists(st.sampled_from(LETTERS), unique=True, min_size=1))
def test_what_an_answer_means_is_a_choice_and_means_itself(answer: str, choices: list[str]) -> None:
    meant = settled(answer, choices)
    assert meant is None or (meant in choices and settled(meant, choices) == meant)


@given(options=st.integers(1, 8), right=st.integers(0, 7))
def test_in_every_rotation_the_answer_names_the_same_text(options: int, right: int) -> None:
    letters = LETTERS[:options]
    answer = letters[right % options]
    fields = {"answer": answer, **{letter: f"text of {letter}" for letter in letters}}
    turned = list(rotations(Record(1, 1, dict(fields)), letters, "answer", 0))
    assert [held.fields[str(held.fields["answer"])] for held in turned] == [
        f"text of {answer}"
    ] * options
    assert {held.fields["A"] for held in turned} == {f"text of {letter}" for letter in letters}
    assert turned[0].fields == fields | {"qid": 0, "circular_pattern": list(letters)}


def test_the_digest_covers_names_and_content_in_any_order(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(name)
    before = data_digest(tmp_path, ["a.csv", "b.csv"])
    assert data_digest(tmp_path, ["b.csv", "a.csv"]) == before
    assert data_digest(tmp_path, ["a.csv"]) != before
    (tmp_path / "a.csv").write_text("other")
    assert data_digest(tmp_path, ["a.csv", "b.csv"]) != before
