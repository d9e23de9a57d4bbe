"""Fields and filters by JMESPath, and what an expression may not do."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import read

from kompass_api.built_in import BUILT_IN
from kompass_worker.benchmarks import builtin
from kompass_worker.datasets import Row, expressions
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
        pytest.param(
            "regex(key, '(')", "regex() has the pattern '(', which is no ", id="bad-pattern"
        ),
        pytest.param(
            "|".join(["[@,@]"] * 40),
            "gives a value with more than 16777216 characters or 100000 parts",
            id="doubling-lists",
        ),
        pytest.param("|".join(["[@,@][]"] * 40), "100000 parts", id="flat-doubling"),
        pytest.param(
            "key" + "|join(@, [@,@,@])" * 40, "more than 16777216 characters", id="doubling-text"
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


DOUBLED = "|".join(["[@,@]"] * 22)
"""Four million times the row: what walks through it all takes a second, not for ever."""


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param(f"[({DOUBLED}),({DOUBLED})] | [0]==[1]", id="equal"),
        pytest.param(f"[({DOUBLED}),({DOUBLED})] | [0]!=[1]", id="not-equal"),
        pytest.param(f"[({DOUBLED}),({DOUBLED})] | contains([[0]], [1])", id="contains"),
        pytest.param("|".join(["{a:@,b:@}"] * 22) + "| a==b", id="hashes"),
        pytest.param(f"{DOUBLED} | {'[]|' * 20} length(@)", id="flattened"),
        pytest.param(f"{DOUBLED} | length(@{'[*]' * 17})", id="projected"),
        pytest.param("|".join(["map(&[@,@], [@,@])"] * 11) + "| [0]==[1]", id="mapped"),
        pytest.param("|".join(["values({a:@,b:@})"] * 22) + "| [0]==[1]", id="values"),
        pytest.param("|".join(["to_array([@,@])"] * 22) + "| [0]==[1]", id="to-array"),
        pytest.param("|".join(["merge({a:@,b:@})"] * 22) + "| a==b", id="merged"),
        pytest.param("|".join(["[@,@][::-1]"] * 22) + "| [0]==[1]", id="sliced"),
        pytest.param(
            "|".join(["[@,@]"] * 14) + "|" + "[]|" * 13 + f"[*].[{'@,' * 300}@]|[0]",
            id="many-small-lists",
        ),
    ],
)
def test_values_that_double_are_refused_before_anything_walks_through_them(
    expression: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData, match=r"toy.jsonl row 1 \(line 1\): .*(100000 parts|steps)"):
        derive(tmp_path, ("found", expression))


def test_texts_count_wherever_they_are_shared() -> None:
    doubled = Expression.of("|".join(["[@,@]"] * 10) + "|" + "[]|" * 9 + "length(@)", "data.where")
    assert doubled.value("a" * 1_000, "toy.csv row 1") == 1024
    with pytest.raises(InvalidData, match="more than 16777216 characters"):
        doubled.value("a" * 100_000, "toy.csv row 1")


def test_a_split_text_is_bounded_before_it_is_split() -> None:
    split = Expression.of("length(split(@, 'a'))", "data.where")
    assert split.value("a" * 99_000, "toy.csv row 1") == 99_001
    with pytest.raises(InvalidData, match="100000 parts"):
        split.value("a" * 100_001, "toy.csv row 1")


def test_a_document_may_be_larger_than_what_is_made_of_it() -> None:
    rows = [{"q": str(number), "train": number % 100 > 0} for number in range(60_000)]
    text = "values(@)[] | [?!train].q"
    found = Expression.of(text, "data.records").value({"rows": rows}, "toy.json")
    assert found == [str(number) for number in range(0, 60_000, 100)]


def test_the_regular_expressions_of_a_row_have_one_deadline_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expressions, "ROW_SECONDS", 0.02)
    slow = Expression.of("map(&regex(@, '^(a|b)*$'), @)", "data.where")
    with pytest.raises(InvalidData, match=r"regex\(\) took over 0.02 s for one row"):
        slow.value(["ab" * 1_000] * 2_000, "toy.csv row 1")


def test_a_regular_expression_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="over 50000 parts with its repeats"):
        derive(tmp_path, ("found", "regex(key, '(?:a{1000}){60}')"))


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
