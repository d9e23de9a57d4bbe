"""A file of one's own as a benchmark: what its first row shows, what is said instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kompass_api.methods import Method
from kompass_worker.datasets.own_data import EVALUATORS, benchmark_of, read_own_data
from kompass_worker.datasets.own_meta import OwnMeta, checked_meta
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest, WorkerError
from kompass_worker.scoring.verdicts import chosen

MCQ = {"id": "0", "question": "q", "A": "x", "B": "y", "C": "z", "answer": "A"}
QA = {"question": "q", "answer": "a"}
HUMAN = "Question: {question}\nA. {A}\nB. {B}\nC. {C}"


def turns(first: dict[str, str], said: OwnMeta = OwnMeta()) -> list[tuple[str, str]]:  # noqa: B008
    rounds = benchmark_of("my.csv", first, said).spec.prompt.rounds
    return [(turn.role.value, turn.prompt) for turn in rounds]


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        pytest.param("question A B answer", "AB", id="two"),
        pytest.param("question A B C D E F answer", "ABCDEF", id="six"),
        pytest.param("question A B D answer", "AB", id="up-to-the-first-gap"),
        pytest.param("D C B A question answer", "ABCD", id="in-any-order"),
    ],
)
def test_letters_from_a_on_are_options(columns: str, options: str) -> None:
    made = benchmark_of("my.csv", dict.fromkeys(columns.split(), "x"))
    assert made.spec.metric.name == "option_similarity"
    assert made.spec.metric.arguments == {"options": options}
    assert made.spec.data.input_columns == [held for held in columns.split() if held != "answer"]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param("question answer", id="none"),
        pytest.param("question A answer", id="one"),
        pytest.param("question B C D answer", id="without-a"),
    ],
)
def test_a_row_without_two_options_is_a_question_and_an_answer(columns: str) -> None:
    made = benchmark_of("my.csv", dict.fromkeys(columns.split(), "x"))
    assert (made.spec.metric.name, made.spec.method) == ("accuracy", Method.GENERATION)


@pytest.mark.parametrize(
    ("first", "said", "expected"),
    [
        pytest.param(MCQ, {}, [("HUMAN", HUMAN), ("BOT", "Answer: {answer}")], id="mcq"),
        pytest.param(QA, {}, [("HUMAN", "{question}"), ("BOT", "{answer}")], id="qa"),
        pytest.param({"question": "q"}, {}, [("HUMAN", "{question}")], id="qa-without-answers"),
        pytest.param(
            MCQ,
            {"human_prompt": "{question}?", "bot_prompt": "{answer}!"},
            [("HUMAN", "{question}?"), ("BOT", "{answer}!")],
            id="own-words",
        ),
        pytest.param(
            MCQ,
            {"options": ["A", "B"]},
            [("HUMAN", "Question: {question}\nA. {A}\nB. {B}"), ("BOT", "Answer: {answer}")],
            id="fewer-options",
        ),
        pytest.param(
            {"question": "q", "target": "a"},
            {"output_column": "target"},
            [("HUMAN", "{question}"), ("BOT", "{target}")],
            id="another-answer-column",
        ),
        pytest.param(
            QA,
            {"template": {"round": [{"role": "HUMAN", "prompt": "Q {question}"}]}},
            [("HUMAN", "Q {question}")],
            id="template",
        ),
    ],
)
def test_the_prompt_is_opencompass_word_for_word(
    first: dict[str, str], said: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert turns(first, OwnMeta(**said)) == expected


@pytest.mark.parametrize(
    ("said", "method", "labels", "metric"),
    [
        pytest.param({}, "Generation", [], "option_similarity", id="mcq-gen"),
        pytest.param({"infer_method": "ppl"}, "Perplexity", ["A", "B", "C"], "accuracy", id="ppl"),
        pytest.param({"data_type": "qa"}, "Generation", [], "accuracy", id="qa-gen"),
        pytest.param(
            {"data_type": "circular-mcq"},
            "Generation",
            [],
            "circular_option_similarity",
            id="circular-gen",
        ),
        pytest.param(
            {"data_type": "circular-mcq", "infer_method": "ppl"},
            "Perplexity",
            ["A", "B", "C"],
            "circular",
            id="circular-ppl",
        ),
        pytest.param(
            {"evaluator": "opencompass.openicl.icl_evaluator.AccEvaluator"},
            "Generation",
            [],
            "accuracy",
            id="evaluator-of-opencompass",
        ),
        pytest.param(
            {"evaluator": "rouge@0.5"}, "Generation", [], "rouge@0.5", id="metric-of-ours"
        ),
    ],
)
def test_what_is_said_decides_how_it_is_asked_and_scored(
    said: dict[str, Any], method: str, labels: list[str], metric: str
) -> None:
    spec = benchmark_of("my.csv", MCQ, OwnMeta(**said)).spec
    assert (spec.method.value, spec.prompt.labels, spec.metric.name) == (method, labels, metric)
    assert spec.data.circular == (["A", "B", "C"] if "circular" in metric else [])
    assert chosen(spec.metric).rows


@pytest.mark.parametrize("evaluator", sorted(EVALUATORS))
def test_every_evaluator_of_opencompass_that_is_known_is_a_metric(evaluator: str) -> None:
    spec = benchmark_of("my.csv", MCQ, OwnMeta(evaluator=evaluator)).spec
    assert chosen(spec.metric).rows


def test_arguments_of_a_metric_become_texts() -> None:
    said = OwnMeta(
        evaluator="circular", evaluator_kwargs={"options": ["A", "B"], "pattern": "all_possible"}
    )
    metric = benchmark_of("my.csv", MCQ, said).spec.metric
    assert metric.arguments == {"options": "AB", "pattern": "all_possible"}


def test_a_template_by_label_becomes_label_templates() -> None:
    template = {
        label: {"begin": "</E>", "round": [{"role": "HUMAN", "prompt": label}]} for label in "AB"
    }
    said = OwnMeta(infer_method="ppl", template=template)
    prompt = benchmark_of("my.csv", MCQ, said).spec.prompt
    assert [(held.label, held.rounds[0].prompt) for held in prompt.label_templates] == [
        ("A", "A"),
        ("B", "B"),
    ]
    assert prompt.label_templates[0].begin == []


@pytest.mark.parametrize(
    ("file", "name", "row", "path"),
    [
        pytest.param("My set.v2.csv", "my-set", "My-set", "{title}.csv", id="space"),
        pytest.param("quiz.jsonl", "quiz", "quiz", "quiz.jsonl", id="plain"),
        pytest.param("我的题.csv", "data", "data", "{title}.csv", id="chinese"),
    ],
)
def test_a_file_of_any_name_has_a_name_and_a_path(
    file: str, name: str, row: str, path: str, tmp_path: Path
) -> None:
    text = json.dumps(QA) if file.endswith("jsonl") else "question,answer\nq,a\n"
    (tmp_path / file).write_text(text, "utf-8")
    made, reading = read_own_data(tmp_path / file)
    assert (made.name, made.spec.subjects[0].name, made.spec.data.path) == (name, row, path)
    assert (reading.file, reading.rows[0].reference) == (file, "a")


def test_the_meta_file_counts_more_than_the_first_row_and_the_caller_most(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("question,A,B,answer\nq,x,y,A\nr,u,v,B\n")
    meta = {"abbr": "theirs", "infer_method": "ppl", "test_range": "[0:1]"}
    (tmp_path / "my.csv.meta.json").write_text(json.dumps(meta))
    made, reading = read_own_data(path, OwnMeta(abbr="mine"))
    assert (made.name, made.spec.method, len(reading.rows)) == ("mine", Method.PERPLEXITY, 1)


def test_what_is_said_to_be_nothing_is_left_to_the_meta_file(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("question,A,B,answer\nq,x,y,A\n")
    (tmp_path / "my.csv.meta.json").write_text('{"data_type": "circular-mcq"}')
    made, _ = read_own_data(tmp_path / "my.csv", OwnMeta(data_type=None, infer_method=None))
    assert made.spec.metric.name == "circular_option_similarity"
    assert made.spec.metric.arguments == {"options": "AB"}


def test_another_meta_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("question,answer\nq,a\n")
    (tmp_path / "other.json").write_text('{"abbr": "other"}')
    made, _ = read_own_data(tmp_path / "my.csv", meta_path=tmp_path / "other.json")
    assert made.name == "other"


@pytest.mark.parametrize("names", [("my.csl", "my.csv"), ("my.csv", "my.csl")])
def test_a_file_that_is_not_there_is_named_as_it_was_typed(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    (tmp_path / "my.csv").write_text("question,answer\nq,a\n")
    path, meta = (tmp_path / name for name in names)
    with pytest.raises(InputMissing) as caught:
        read_own_data(path, meta_path=meta)
    assert str(tmp_path / "my.csl") in str(caught.value)
    assert "did you mean" not in str(caught.value)


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_bytes('\ufeffquestion,A,B,answer\r\n"a\r\nb",x,y,Ａ\r\n'.encode())
    made, reading = read_own_data(tmp_path / "my.csv")
    assert made.spec.data.input_columns == ["question", "A", "B"]
    assert (reading.rows[0].values[0], reading.rows[0].reference) == (("question", "a\nb"), "A")


def test_headings_are_read_without_their_case(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("Question, A,B,Answer\nq,x,y,b\n")
    made, reading = read_own_data(tmp_path / "my.csv")
    assert made.spec.data.input_columns == ["question", "A", "B"]
    assert (reading.rows[0].reference, reading.renamed, reading.corrected) == ("B", 3, 1)


@pytest.mark.parametrize(
    ("first", "said", "error", "message"),
    [
        pytest.param(
            QA,
            {"infer_method": "ppl"},
            InvalidRequest,
            "my.csv: qa by ppl is not a way to ask; there are mcq by gen, mcq by ppl, qa by gen, "
            "circular-mcq by gen, circular-mcq by ppl",
            id="qa-by-perplexity",
        ),
        pytest.param(
            QA,
            {"data_type": "mcq"},
            InvalidRequest,
            "my.csv: mcq has 0 options (found columns: question, answer); expected columns A, B "
            "and so on, or options in the meta file",
            id="mcq-without-options",
        ),
        pytest.param(
            {"frage": "q", "answer": "a"},
            {},
            InvalidData,
            "my.csv: no column 'question' (found: frage, answer); expected it: add the column, or "
            "name yours in human_prompt, options or output_column of the meta file",
            id="no-question",
        ),
        pytest.param(
            QA,
            {"output_column": "gold"},
            InvalidData,
            "my.csv: no column 'gold' (found: question",
            id="no-such-answer-column",
        ),
        pytest.param(
            {"my question": "q"},
            {},
            InvalidData,
            "my.csv: no column can stand in a prompt (found: my question); expected names such as "
            "question, of letters, digits and '_'",
            id="no-names",
        ),
        pytest.param(
            QA,
            {"test_range": "[::2]"},
            InvalidRequest,
            "my.csv as a benchmark: data.testRange: found ::2; testRange is a first row",
            id="range-with-steps",
        ),
        pytest.param(
            MCQ,
            {"infer_method": "ppl", "bot_prompt": "?"},
            InvalidRequest,
            "my.csv as a benchmark: : prompt has no place for a label",
            id="no-place-for-labels",
        ),
        pytest.param(
            QA,
            {"template": {"round": ["hm"]}},
            InvalidData,
            "template has the turn 'hm'",
            id="template-turn",
        ),
        pytest.param(
            MCQ,
            {"infer_method": "ppl", "template": {"A": 1}},
            InvalidData,
            "template is '1'",
            id="template-of-a-label",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_fix(
    first: dict[str, str], said: dict[str, Any], error: type[WorkerError], message: str
) -> None:
    with pytest.raises(error) as caught:
        benchmark_of("my.csv", first, OwnMeta(**said))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param(
            {"data_typ": "mcq"},
            "meta: no key 'data_typ'; there are abbr, data_type, infer_method,",
            id="unknown-key",
        ),
        pytest.param(
            {"data_type": "mc", "abbr": 1},
            "meta: abbr is '1': Input should be a valid string; data_type is 'mc': Input should be "
            "'mcq', 'qa' or 'circular-mcq'",
            id="two-problems",
        ),
        pytest.param({"options": ["AB"]}, "meta: options.0 is 'AB': ", id="option-of-two-letters"),
    ],
)
def test_a_wrong_meta_file_is_told_key_by_key(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidData) as caught:
        checked_meta(said, "meta")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("my.txt", "q", "my.txt: no data has the ending '.txt'", id="ending"),
        pytest.param("my.csv", "question\n", "my.csv has no rows", id="no-rows"),
        pytest.param(
            "my.csv",
            "question,A,B,answer\nq,x,y,A\nr,u,v,Z\n",
            "my.csv row 2 (line 3): answer is 'Z'; expected A, B",
            id="answer-of-a-later-row",
        ),
        pytest.param(
            "my.jsonl",
            '{"question": "q", "A": "x", "B": "y", "answer": "A"}\n'
            '{"question": "q", "A": "x", "answer": "A"}',
            "my.jsonl row 2 (line 2): no field 'B' (found: question, A, answer; expected: "
            "question, A, B)",
            id="option-of-a-later-row",
        ),
    ],
)
def test_all_rows_are_checked_and_not_the_first_alone(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(WorkerError) as caught:
        read_own_data(tmp_path / name)
    assert str(caught.value).startswith(message)


def test_a_meta_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("question,answer\nq,a\n")
    (tmp_path / "my.csv.meta.json").write_text("data_type: mcq")
    with pytest.raises(InvalidData, match=r"my.csv.meta.json is not JSON"):
        read_own_data(tmp_path / "my.csv")
