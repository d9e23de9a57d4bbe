"""Fields and filters by JMESPath, and what an expression may not do."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import read

from kompass_api.benchmark import BUILT_IN
from kompass_worker.benchmarks import builtin
from kompass_worker.datasets import Row
from kompass_worker.datasets.expressions import Expression
from kompass_worker.errors import InvalidData, InvalidRequest

ROW = {
    "question": "Q: a_b",
    "choices": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]},
    "key": "2",
    "gold": 2,
    "hint": None,
    "answer": "A",
}


def derive(folder: Path, *columns: tuple[str, str], **changes: Any) -> Row:
    """The row with these columns worked out of it."""
    derived = [{"name": name, "expression": text} for name, text in columns]
    (only,) = read(folder, json.dumps(ROW), format="JSONL", columns=derived, **changes)
    return only


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("choices.text[1]", "y", id="index"),
        pytest.param("choices.text", ["x", "y", "z"], id="list"),
        pytest.param("hint || ''", "", id="or-else"),
        pytest.param("replace(question, '_', 'X')", "Q: aXb", id="replace"),
        pytest.param("split(question, ': ')[1:]", ["a_b"], id="split"),
        pytest.param("strip(' a ')", "a", id="strip"),
        pytest.param(r"regex(question, ': (\w)_')", "a", id="regex-group"),
        pytest.param(r"regex(question, '[ab]_')", "a_", id="regex-match"),
        pytest.param("regex(question, 'z') || 'none'", "none", id="regex-none"),
        pytest.param("letter(gold)", "C", id="letter-of-a-number"),
        pytest.param("letter('0')", "A", id="letter-of-a-text"),
        pytest.param(
            "choices.label[0] == key && 'A' || choices.label[1] == key && 'B'", "B", id="which"
        ),
        pytest.param("join('; ', choices.text)", "x; y; z", id="join"),
        pytest.param("to_string(choices.text)", '["x","y","z"]', id="json"),
        pytest.param(r"boxed('so \boxed{1} or \boxed{\frac{1}{2}}.')", r"\frac{1}{2}", id="boxed"),
        pytest.param(r"boxed('so \boxed 1') || 'none'", "none", id="boxed-without-braces"),
        pytest.param(r"boxed('so \boxed{1') || 'none'", "none", id="boxed-without-end"),
    ],
)
def test_an_expression_gives(expression: str, value: object, tmp_path: Path) -> None:
    assert derive(tmp_path, ("found", expression)).fields["found"] == value


def test_derived_fields_stand_last_and_those_of_the_file_keep_their_place(tmp_path: Path) -> None:
    row = derive(tmp_path, ("new", "'n'"), ("question", "join('', [new, question])"))
    assert [name for name, _ in row.values] == [*ROW, "new"]
    assert row.values[0] == ("question", "nQ: a_b")


def test_a_row_keeps_what_keep_names_in_its_order(tmp_path: Path) -> None:
    row = derive(tmp_path, ("A", "choices.text[0]"), keep=["A", "question", "answer"])
    assert row.values == (("A", "x"), ("question", "Q: a_b"), ("answer", "A"))


def test_a_list_stays_a_list_beside_its_text(tmp_path: Path) -> None:
    row = derive(tmp_path, ("labels", "choices.text"))
    assert row.fields["labels"] == ["x", "y", "z"]
    assert dict(row.values)["labels"] == "['x', 'y', 'z']"


def test_an_answer_that_is_worked_out_may_be_absent(tmp_path: Path) -> None:
    assert derive(tmp_path, ("answer", "hint")).reference == ""


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        pytest.param("answer == 'A'", [1, 3], id="equal"),
        pytest.param("question", [1, 2, 3], id="not-empty"),
        pytest.param("!(contains(question, 'r'))", [1, 3, 4], id="not"),
        pytest.param("length(question) > `1`", [3], id="longer"),
    ],
)
def test_rows_for_which_where_does_not_hold_are_left_out(
    where: str, kept: list[int], tmp_path: Path
) -> None:
    rows = read(tmp_path, "question,answer\nq,A\nr,B\nss,A\n,B\n", where=where)
    assert [held.number for held in rows] == kept
    assert [held.index for held in rows] == list(range(len(kept)))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param(
            "quxstion",
            "toy.jsonl row 1 (line 1): data.columns found 'quxstion' gives null (the row has "
            "question, choices, key, gold, hint, answer); correct it, or write `|| ''` where it "
            "may",
            id="null",
        ),
        pytest.param(
            "split(choices, 'x')",
            "toy.jsonl row 1 (line 1): data.columns found \"split(choices, 'x')\": split() got an "
            "object; expected string (the row has question: a text, choices: an object, key: a "
            "text, gold: a number, hint: null, answer: a text)",
            id="wrong-type",
        ),
        pytest.param(
            "letter(`26`)",
            "letter() of '26'; expected a whole number from 0 to 25",
            id="letter-after-z",
        ),
        pytest.param("letter('-1')", "letter() of '-1'; expected a whole number", id="negative"),
        pytest.param("split(key, '')", "split() has an empty second argument", id="split-by-none"),
        pytest.param("replace(key, '', 'x')", "replace() has an empty second", id="replace-none"),
        pytest.param("contains(key, `1`)", "requires string as left operand", id="number-in-text"),
        pytest.param("choices.text[::0]", "slice step cannot be zero", id="step-of-zero"),
        pytest.param("key" + "|@" * 500, "maximum recursion depth", id="hundreds-of-pipes"),
        pytest.param("regex(key, '(')", "regex() has the pattern '(': missing )", id="bad-pattern"),
        pytest.param(
            "|".join(["[@,@]"] * 40),
            "has more than 16777216 characters or 100000 parts",
            id="doubling-lists",
        ),
        pytest.param(
            "|".join(["[@,@][]"] * 40), "gives a list of over 100000 values", id="flat-doubling"
        ),
        pytest.param(
            "key" + "|join(@, [@,@,@])" * 40, "characters; expected at most", id="doubling-text"
        ),
        pytest.param(
            "key" + "|replace(@, '2', '22')" * 40, "characters; expected at most", id="replacing"
        ),
        pytest.param(
            "|".join(["[@,@]"] * 40) + "|to_string(@)", "more than 16777216", id="doubling-json"
        ),
    ],
)
def test_an_expression_that_cannot_be_worked_out_is_refused_at_its_row(
    expression: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        derive(tmp_path, ("found", expression))
    assert message in str(caught.value)
    assert str(caught.value).startswith("toy.jsonl row 1 (line 1): ")


def test_runaway_backtracking_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidData, match=r"regex\(\) with the pattern '\(a\|a\)\*\$' took over"):
        derive(tmp_path, ("found", f"regex('{'a' * 60}b', '(a|a)*$')"))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a[", "data.where is 'a[': ", id="open-bracket"),
        pytest.param("a = 'b'", "Unknown token '='; expected JMESPath", id="one-equals-sign"),
        pytest.param(
            "len(a)",
            "data.where is 'len(a)': no function len(); did you mean",
            id="unknown-function",
        ),
        pytest.param(
            "a || [?lengthq(@)]", "no function lengthq(); did you mean length", id="within"
        ),
        pytest.param("a == `b`", "write a text in single quotes", id="text-in-backquotes"),
        pytest.param("(" * 600 + "a" + ")" * 400, "expected JMESPath", id="hundreds-deep"),
    ],
)
def test_what_is_no_expression_is_refused_before_any_row(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Expression.of(text, "data.where")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_expression_of_a_built_in_benchmark_can_be_read(name: str) -> None:
    data = builtin(name).data
    written = [column.expression for column in data.columns] + [data.where, data.records]
    assert [Expression.of(text, name).text for text in written if text] == [*filter(None, written)]
