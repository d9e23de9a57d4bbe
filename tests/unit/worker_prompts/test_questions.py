"""What a model is asked, to the byte: the strings that were measured on OpenCompass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.worker_eval.builders import (
    TOY,
    TOY_ROUNDS,
    endpoint_of,
    ppl_spec_of,
    row,
    spec_of,
    toy_folder,
    toy_questions,
)

from kompass_worker.benchmarks import builtin
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.prompts import asked_subject, prompt_hash
from kompass_worker.prompts.requests import GenerationRequest, Message, ScoringRequest

BASE = endpoint_of()
CHAT = endpoint_of(modelType="Chat")


def plain(spec: Any, folder: Path, examples: int = 2) -> str:
    request = toy_questions(spec, folder)[0].request(examples, BASE)
    if isinstance(request, ScoringRequest):
        return request.candidates[0].text
    assert isinstance(request, GenerationRequest)
    assert isinstance(request.prompt, str)
    return request.prompt


def chat(spec: Any, folder: Path, examples: int = 2) -> list[tuple[str, str]]:
    request = toy_questions(spec, folder)[0].request(examples, CHAT)
    assert isinstance(request, GenerationRequest)
    assert not isinstance(request.prompt, str)
    return [(said.role, said.content) for said in request.prompt]


H0, H1, HQ = "H0答案: ", "H1答案: ", "HQ答案: "


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        pytest.param(2, f"{H0}\nB\n{H1}\nA\n{HQ}", id="two"),
        pytest.param(1, f"{H0}\nB\n{HQ}", id="last-dropped"),
        pytest.param(0, f"\n{HQ}", id="all-dropped-leaves-a-line-break"),
    ],
)
def test_generation_for_a_base_model(examples: int, expected: str, tmp_path: Path) -> None:
    assert plain(spec_of(), toy_folder(tmp_path), examples) == expected


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        pytest.param(2, f"{H0}\nB\n\n\n{H1}\nA\n\n\n\n\n{HQ}\nA", id="two"),
        pytest.param(1, f"{H0}\nB\n\n\n\n\n{HQ}\nA", id="last-dropped"),
        pytest.param(0, f"\n\n{HQ}\nA", id="all-dropped-leaves-line-breaks"),
    ],
)
def test_perplexity_for_a_base_model(examples: int, expected: str, tmp_path: Path) -> None:
    assert plain(ppl_spec_of(), toy_folder(tmp_path), examples) == expected


@pytest.mark.parametrize("spec_for", [spec_of, ppl_spec_of], ids=["gen", "ppl"])
def test_a_prompt_made_for_no_examples_begins_at_once(spec_for: Any, tmp_path: Path) -> None:
    assert plain(spec_for(examples={"ids": []}), toy_folder(tmp_path)).startswith("HQ")


def test_every_user_message_of_a_chat_ends_with_one_more_line_break(tmp_path: Path) -> None:
    assert chat(spec_of(), toy_folder(tmp_path)) == [
        ("user", f"{H0}\n"),
        ("assistant", "B"),
        ("user", f"{H1}\n"),
        ("assistant", "A"),
        ("user", f"{HQ}\n"),
    ]


SYSTEM = {"role": "SYSTEM", "prompt": "SYS"}


def test_an_opening_system_turn_is_said_once_by_the_user(tmp_path: Path) -> None:
    spec = spec_of(prompt={"rounds": [SYSTEM, *TOY_ROUNDS]})
    assert chat(spec, toy_folder(tmp_path), 1) == [
        ("user", f"SYS\n{H0}\n"),
        ("assistant", "B"),
        ("user", f"{HQ}\n"),
    ]
    assert plain(spec, tmp_path, 1) == f"SYS\n{H0}\nB\n{HQ}"


TWO_TURNS = [
    {"role": "HUMAN", "prompt": "u1"},
    {"role": "BOT", "prompt": "b1"},
    {"role": "HUMAN", "prompt": "u2"},
    {"role": "BOT", "prompt": "{answer}"},
]


def test_a_dialogue_of_two_turns_is_answered_at_its_end(tmp_path: Path) -> None:
    spec = spec_of(prompt={"rounds": TWO_TURNS}, examples={"ids": []})
    assert chat(spec, toy_folder(tmp_path)) == [
        ("user", "u1\n"),
        ("assistant", "b1"),
        ("user", "u2\n"),
    ]
    assert plain(spec, tmp_path) == "u1\nb1\nu2"


def test_a_user_who_speaks_twice_is_heard_as_one(tmp_path: Path) -> None:
    twice = [{"role": "HUMAN", "prompt": "u1"}, {"role": "HUMAN", "prompt": "u2"}]
    spec = spec_of(prompt={"rounds": twice}, examples={"ids": []})
    assert chat(spec, toy_folder(tmp_path)) == [("user", "u1\n\nu2\n")]


def test_candidates_come_in_the_order_in_which_equals_are_told_apart(tmp_path: Path) -> None:
    spec = ppl_spec_of(prompt={"rounds": TOY_ROUNDS, "labels": ["D", "B", "A", "C"]})
    request = toy_questions(spec, toy_folder(tmp_path))[0].request(0, BASE)
    assert isinstance(request, ScoringRequest)
    assert [(held.label, held.text[-1]) for held in request.candidates] == [
        (letter, letter) for letter in "ABCD"
    ]


def test_the_answer_is_in_no_generation_prompt(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row("HQ{answer}", "Z")])
    assert plain(spec_of(), folder).endswith(HQ)


FULL_ROUNDS = [
    {"role": "HUMAN", "prompt": "{subject_title} {question} {A} {unknown} {}"},
    {"role": "BOT", "prompt": "{answer}"},
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("q", "玩具 q a {unknown} {}", id="other-braces-stay"),
        pytest.param(
            r"\frac{A}{B}", r"玩具 \fracab a {unknown} {}", id="later-columns-fill-values"
        ),
        pytest.param("{id}", "玩具 {id} a {unknown} {}", id="earlier-columns-do-not"),
        pytest.param("{subject_title}", "玩具 {subject_title} a {unknown} {}", id="title-is-first"),
    ],
)
def test_values_are_put_in_literally_column_after_column(
    question: str, expected: str, tmp_path: Path
) -> None:
    spec = spec_of(prompt={"rounds": FULL_ROUNDS}, examples={"ids": []})
    assert plain(spec, toy_folder(tmp_path, val=[row(question)])) == expected


def test_placeholders_left_in_an_example_are_filled_from_the_question(tmp_path: Path) -> None:
    # OpenCompass fills the whole prompt from the question's row once the examples are in it.
    dev = [row("H0 {A}", "B", A="{id}"), row("H1", "A")]
    folder = toy_folder(tmp_path, dev=dev, val=[{**row("HQ", "C"), "id": "77"}])
    assert plain(spec_of(), folder, 1) == f"H0 77答案: \nB\n{HQ}"


def test_examples_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    assert plain(spec_of(examples={"ids": [1, 0]}), toy_folder(tmp_path)).startswith(H1)


def test_an_example_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidData, match=r"dev/toy_dev.csv has 2 rows, but examples.ids asks for row 2"
    ):
        toy_questions(spec_of(examples={"ids": [0, 2]}), toy_folder(tmp_path))


def test_a_label_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row("q", "E")])
    with pytest.raises(InvalidData, match=r"row 1 \(line 2\): answer is 'E'; expected A, B, C, D"):
        toy_questions(ppl_spec_of(), folder)


def test_perplexity_is_not_asked_of_a_chat_model(tmp_path: Path) -> None:
    question = toy_questions(ppl_spec_of(), toy_folder(tmp_path))[0]
    with pytest.raises(InvalidRequest, match="modelType Base"):
        question.request(0, CHAT)


def test_only_the_first_rows_are_asked_where_there_is_a_limit(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row(str(number)) for number in range(5)])
    found = asked_subject("toys", spec_of(), TOY, folder, max_new_tokens=1, limit=2).questions
    assert [held.id for held in found] == ["toys/toy/0", "toys/toy/1"]


def test_the_prompt_of_c_eval_is_opencompasss_to_the_byte(tmp_path: Path) -> None:
    spec = builtin("ceval-gen")
    (tmp_path / "dev").mkdir()
    toy_folder(tmp_path, dev=[row("d")] * 5, val=[row("2+2=____。", A="3", B="4", C="5", D="6")])
    request = (
        asked_subject("c", spec, TOY, tmp_path, max_new_tokens=1).questions[0].request(0, CHAT)
    )
    assert isinstance(request, GenerationRequest)
    text = (
        "以下是中国关于玩具考试的单项选择题，请选出其中的正确答案。\n"
        "2+2=____。\nA. 3\nB. 4\nC. 5\nD. 6\n答案: \n"
    )
    assert request.prompt == (Message("user", text),)


def test_the_prompt_hash_covers_prompt_limit_and_stop_but_not_the_item(tmp_path: Path) -> None:
    prompt = (Message("user", "q"),)
    same = [
        GenerationRequest("a", prompt, 16),
        GenerationRequest("b", prompt, 16),
    ]
    other = [
        GenerationRequest("a", "q", 16),
        GenerationRequest("a", (Message("system", "q"),), 16),
        GenerationRequest("a", prompt, 17),
        GenerationRequest("a", prompt, 16, ("\n",)),
        *(held.request(2, BASE) for held in toy_questions(ppl_spec_of(), toy_folder(tmp_path))),
    ]
    assert len({prompt_hash(held) for held in same}) == 1
    assert len({prompt_hash(held) for held in same + other}) == 1 + len(other)
