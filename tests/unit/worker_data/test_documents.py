"""JSONL and JSON files, and everything that can be wrong in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import read

from kompass_worker.datasets.values import MAX_PARTS
from kompass_worker.errors import InvalidData


def test_values_become_text_as_python_writes_them_and_stay_what_they_are(tmp_path: Path) -> None:
    row = {"question": 3.0, "hint": None, "right": True, "options": ["a", 1], "answer": 2}
    (only,) = read(tmp_path, json.dumps(row), format="JSONL")
    assert only.values == (
        ("question", "3.0"),
        ("hint", "None"),
        ("right", "True"),
        ("options", "['a', 1]"),
        ("answer", "2"),
    )
    assert (only.fields, only.reference) == (row, "2")


def test_rows_have_the_order_of_the_first_and_what_they_lack_is_null(tmp_path: Path) -> None:
    text = (
        '{"question": "q", "hint": "h", "answer": "A"}\n\n'
        '{"answer": null, "more": 1, "question": "r"}\n'
    )
    _, second = read(tmp_path, text, format="JSONL")
    assert second.values == (("question", "r"), ("hint", "None"), ("answer", ""), ("more", "1"))
    assert (second.reference, second.line, second.index) == ("", 3, 1)


def test_a_line_separator_inside_a_text_does_not_end_it(tmp_path: Path) -> None:
    (only,) = read(tmp_path, '{"question": "a\u2028b", "answer": "A"}', format="JSONL")
    assert only.fields["question"] == "a\u2028b"


@pytest.mark.parametrize(
    ("document", "records"),
    [
        pytest.param([{"question": "q", "answer": "A"}], "", id="a-list"),
        pytest.param({"rows": [{"question": "q", "answer": "A"}]}, "rows", id="below-a-field"),
        pytest.param({"7": {"question": "q", "answer": "A"}}, "values(@)", id="object-of-objects"),
        pytest.param(
            [{"rows": [{"question": "q", "answer": "A"}]}], "[].rows[]", id="lists-of-lists"
        ),
    ],
)
def test_a_json_document_leads_to_its_rows(document: object, records: str, tmp_path: Path) -> None:
    (only,) = read(tmp_path, json.dumps(document), format="JSON", records=records)
    assert (only.values, only.place) == ((("question", "q"), ("answer", "A")), "row 1")


def test_a_document_may_have_more_rows_than_a_row_may_have_parts(tmp_path: Path) -> None:
    fields = {f"field{number}": number for number in range(8)}
    rows = [{"question": "q", "answer": "A", **fields} for _ in range(MAX_PARTS // 9)]
    found = read(tmp_path, json.dumps({"examples": rows}), format="JSON", records="examples")
    assert len(found) == len(rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '{"question": "q"}\n{"question": q}\n',
            "toy.jsonl line 2 column 14: not JSON: Expecting value",
            id="not-json",
        ),
        pytest.param(
            "[1]\n",
            "toy.jsonl row 1 (line 1): found a list; expected an object",
            id="a-list",
        ),
        pytest.param(
            '{"question": "q"}\n{"q": "q"}\n',
            "toy.jsonl row 2 (line 2): no field 'question' (found: q; expected: question)",
            id="no-field",
        ),
        pytest.param("\n", "toy.jsonl has no rows; expected at least one", id="empty"),
        pytest.param(
            '{"question": "q", "question": "r"}',
            "toy.jsonl line 1: field 'question' stands twice in one object; expected each once",
            id="twice",
        ),
        pytest.param(
            '{"question": {"a": 1, "a": 2}}',
            "toy.jsonl line 1: field 'a' stands twice in one object; expected each once",
            id="twice-within",
        ),
        pytest.param(
            '{"question": NaN}',
            "toy.jsonl row 1 (line 1): field 'question' has nan, which is no number; expected a "
            "number or null",
            id="nan",
        ),
        pytest.param(
            '{"question": [1e999]}',
            "toy.jsonl row 1 (line 1): field 'question' has inf, which is no number; expected a "
            "number or null",
            id="infinite",
        ),
        pytest.param(
            r'{"question": "a\ud83d"}',
            "toy.jsonl row 1 (line 1): field 'question' has half a character (U+D83D, a lone "
            "surrogate); expected text in Unicode",
            id="lone-surrogate",
        ),
        pytest.param(
            r'{"question": {"\udc00": 1}}',
            "toy.jsonl row 1 (line 1): field 'question' has half a character (U+DC00, a lone "
            "surrogate); expected text in Unicode",
            id="lone-surrogate-in-a-name",
        ),
        pytest.param(
            r'{"question": "a\u0000"}',
            "toy.jsonl row 1 (line 1): field 'question' has a NUL character; expected text",
            id="nul",
        ),
        pytest.param(
            f'{{"question": {"[" * 100}{"]" * 100}}}',
            "toy.jsonl row 1 (line 1): field 'question' has lists or objects in each other, 65 "
            "deep; expected at most 64",
            id="deep",
        ),
        pytest.param(
            f'{{"question": {"[" * 100_000}{"]" * 100_000}}}',
            "toy.jsonl line 1: lists or objects in each other, hundreds deep; expected a flat row",
            id="too-deep-to-be-read",
        ),
    ],
)
def test_wrong_json_lines_are_refused_where_they_are_wrong(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, text, format="JSONL")
    assert str(caught.value) == message


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"toy.jsonl line 1: not a number that can be read"):
        read(tmp_path, f'{{"question": {"9" * 5000}}}', format="JSONL")


def test_a_huge_text_is_refused(tmp_path: Path) -> None:
    text = f'{{"question": ["{"x" * 9_000_000}", "{"x" * 9_000_000}"]}}'
    with pytest.raises(InvalidData, match=r"field 'question' has more than 16777216 characters"):
        read(tmp_path, text, format="JSONL")


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        pytest.param(
            '{"rows": []}',
            {},
            "toy.json: found an object; expected a list of rows: name its place in data.records, "
            "such as examples",
            id="an-object",
        ),
        pytest.param(
            '{"rows": []}',
            {"records": "row"},
            "toy.json: data.records 'row' leads to null; expected a list of rows: name its place "
            "in data.records, such as examples",
            id="leads-nowhere",
        ),
        pytest.param("[]", {}, "toy.json has no rows; expected at least one", id="no-rows"),
        pytest.param("", {}, "toy.json has no rows; expected at least one", id="empty"),
        pytest.param(
            '[\n  {"question": "q"},\n]',
            {},
            "toy.json line 3 column 1: not JSON: Expecting value",
            id="trailing-comma",
        ),
        pytest.param(
            '[{"question": "q"}, 1]',
            {},
            "toy.json row 2: found a number; expected an object",
            id="not-an-object",
        ),
    ],
)
def test_a_wrong_json_document_is_refused(
    text: str, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, text, format="JSON", **changes)
    assert str(caught.value) == message
