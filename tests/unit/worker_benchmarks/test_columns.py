"""Columns that published rows get, compared with what OpenCompass 0.5.4's loaders make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.worker_benchmarks.rows import write_files

from kompass_worker.benchmarks import builtin
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.datasets.rows import read_subject


def values_of(name: str, row: dict[str, Any], folder: Path, subject: str = "") -> dict[str, str]:
    """The columns of a single row."""
    spec = builtin(name)
    held = next(one for one in named(spec).subjects if one.name == subject or not subject)
    write_files(folder, spec, held, {spec.data.test_split: [row]})
    return dict(read_subject(folder, spec, held, spec.data.test_split).rows[0].values)


QUERIES = [
    # query, what is cut off at two marks (ppl), at one (gen)
    ("a: b: c: d", "c: d", "b: c: d"),
    ("a: b", "b", "b"),
    ("no mark", "no mark", "no mark"),
    ("a: ", "", ""),
    ("x:y: z", "z", "z"),
    ("a: b: ", "", "b: "),
]


@pytest.mark.parametrize(("query", "twice", "once"), QUERIES)
def test_hellaswag_loses_what_stands_before_its_scene(
    query: str, twice: str, once: str, tmp_path: Path
) -> None:
    row = {"query": query, "choices": list("wxyz"), "gold": 2}
    assert values_of("hellaswag-ppl", row, tmp_path) == {
        "ctx": twice, "A": "w", "B": "x", "C": "y", "D": "z", "label": "2",
    }  # fmt: skip
    assert values_of("hellaswag-0shot-gen", row, tmp_path)["ctx"] == once
    assert values_of("hellaswag-0shot-gen", row, tmp_path)["label"] == "C"


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        pytest.param(r"So $\boxed{1}$, then \boxed{\frac{a}{b}}.", r"\frac{a}{b}", id="last"),
        pytest.param(r"\boxed{x=\{1,2\}}", r"x=\{1,2\}", id="braces-of-its-own"),
        pytest.param(r"\boxed{}", "", id="empty"),
        pytest.param("none here", "None", id="none"),
        pytest.param(r"\boxed 7", "None", id="without-braces"),
        pytest.param(r"\boxed{1} and \boxed{unclosed", "None", id="last-is-open"),
    ],
)
def test_math_has_the_answer_in_the_last_box(solution: str, answer: str, tmp_path: Path) -> None:
    row = {"problem": "p", "solution": solution, "level": "Level 1"}
    assert values_of("math-0shot-gen", row, tmp_path) == {"problem": "p", "solution": answer}


@pytest.mark.parametrize(
    ("labels", "key", "answer"),
    [("ABCD", "C", "C"), ("1234", "1", "A"), ("1234", "4", "D"), ("ABCD", "B", "B")],
)
def test_arc_calls_its_options_by_letters(
    labels: str, key: str, answer: str, tmp_path: Path
) -> None:
    choices = {"text": ["p", "q", "r", "s"], "label": list(labels)}
    row = {"id": "1", "question": "Q?", "choices": choices, "answerKey": key}
    found = values_of("arc-e-ppl", row, tmp_path)
    assert list(found.items()) == [
        ("question", "Q?"), ("answerKey", answer),
        ("textA", "p"), ("textB", "q"), ("textC", "r"), ("textD", "s"),
    ]  # fmt: skip


@pytest.mark.parametrize(("answer", "letter"), [("1", "A"), ("2", "B"), ("", "NULL")])
def test_winogrande_fills_its_gap(answer: str, letter: str, tmp_path: Path) -> None:
    sentence = "The fox saw the hen, but _ did not move."
    row = {"sentence": sentence, "option1": "the fox", "option2": "the hen", "answer": answer}
    found = values_of("winogrande-gen", row, tmp_path)
    assert found["opt2"] == "The fox saw the hen, but the hen did not move."
    assert (found["cont"], found["answer"]) == (" did not move.", letter)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(
            {"passage": None, "question": "Q", "options": ["(A)1", "(B)2"], "label": "B"},
            ("Q", "(A)1\n(B)2", "B"),
            id="one-option",
        ),
        pytest.param(
            {"passage": "P. ", "question": "Q", "options": ["(A)1", "(B)2"], "label": ["A", "B"]},
            ("P. Q", "(A)1\n(B)2", "AB"),
            id="several-options",
        ),
        pytest.param(
            {"passage": "", "question": "Q", "options": None, "label": None, "answer": "$3$"},
            ("Q", "", "$3$"),
            id="gap",
        ),
    ],
)
def test_agieval_has_questions_of_three_kinds(
    row: dict[str, Any], expected: tuple[str, str, str], tmp_path: Path
) -> None:
    found = values_of("agieval-gen", row, tmp_path)
    assert tuple(found.values()) == expected
    assert list(found) == ["question", "options", "label"]


def test_truthfulqa_has_a_label_for_every_choice(tmp_path: Path) -> None:
    row = {
        "Question": "Q?",
        "Best Answer": "Yes",
        "Correct Answers": "Yes; It is so ",
        "Incorrect Answers": "No;Never",
        "Source": "",
    }
    found = values_of("truthfulqa-mc2", row, tmp_path)
    assert found["choices"] == str(["Yes", "It is so", "No;Never"])
    assert json.loads(found["mc2_labels"].replace("'", '"')) == ["1", "1", "0"]
