"""The strings that were measured on OpenCompass, to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from unit.worker_prompts.forms import (
    ASKED,
    BASE,
    CHAT,
    ROUNDS,
    WITH_META,
    endpoint_of,
    ppl_of,
    question_of,
    shown,
    spec_of,
)

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.modelendpoint import ModelEndpointSpec

H0, H1, HQ = "H0答案: ", "H1答案: ", "HQ答案: "

SYSTEM = {"role": "SYSTEM", "prompt": "SYS", "fallbackRole": "HUMAN"}
HI = {"begin": [SYSTEM], "rounds": [{"role": "HUMAN", "prompt": "hi"}, ROUNDS[1]]}
TWO_TURNS = [
    {"role": "HUMAN", "prompt": "u1"},
    {"role": "BOT", "prompt": "b1"},
    {"role": "HUMAN", "prompt": "u2"},
    {"role": "BOT", "prompt": "{answer}"},
]
TEXTS = {
    "text": "HINT\n{examples}{question}\nAnswer: {answer}",
    "labels": ["A", "B"],
    "example": {"text": "{question}\nAnswer: {answer}\n"},
}
ALONE: dict[str, Any] = {"ids": []}


@pytest.mark.parametrize(
    ("spec", "endpoint", "expected"),
    [
        pytest.param(spec_of(), BASE, f"{H0}\nB\n{H1}\nA\n{HQ}", id="gen-plain"),
        pytest.param(
            ppl_of(),
            BASE,
            f"{H0}\nB\n\n\n{H1}\nA\n\n\n\n\n{HQ}\nA",
            id="ppl-plain",
        ),
        pytest.param(
            spec_of(),
            WITH_META,
            f"<s>[U]{H0}[/U]\n[B]B[/B]\n[U]{H1}[/U]\n[B]A[/B]\n[U]{HQ}[/U]\n[B]",
            id="gen-meta",
        ),
        pytest.param(
            ppl_of(),
            WITH_META,
            f"<s>[U]{H0}[/U]\n[B]B[/B]\n\n[U]{H1}[/U]\n[B]A[/B]\n\n\n[U]{HQ}[/U]\n[B]A[/B]\n</all>",
            id="ppl-meta",
        ),
        pytest.param(
            ppl_of(prompt=TEXTS),
            WITH_META,
            "HINT\nH0\nAnswer: B\n\nH1\nAnswer: A\n\nHQ\nAnswer: A",
            id="texts-know-no-meta",
        ),
        pytest.param(spec_of(prompt=HI, examples=ALONE), BASE, "SYS\nhi", id="system-plain"),
        pytest.param(
            spec_of(prompt=HI, examples=ALONE),
            WITH_META,
            "<s>[U]SYS[/U]\n[U]hi[/U]\n[B]",
            id="system-meta",
        ),
        pytest.param(
            spec_of(prompt={"rounds": TWO_TURNS}, examples=ALONE),
            WITH_META,
            "<s>[U]u1[/U]\n[B]b1[/B]\n[U]u2[/U]\n[B]",
            id="two-turns-gen",
        ),
        pytest.param(
            ppl_of(
                prompt={
                    "labelTemplates": [
                        {"label": "A", "rounds": [*TWO_TURNS[:3], {"role": "BOT", "prompt": ""}]},
                        {"label": "B", "rounds": TWO_TURNS},
                    ]
                },
                examples=ALONE,
            ),
            WITH_META,
            "<s>[U]u1[/U]\n[B]b1[/B]\n[U]u2[/U]\n[B][/B]\n</all>",
            id="two-turns-ppl-end-with-an-empty-turn",
        ),
    ],
)
def test_what_a_plain_model_reads(
    spec: BenchmarkSpec, endpoint: ModelEndpointSpec, expected: str
) -> None:
    assert shown(question_of(spec), endpoint) == expected


TWO_ROLES = {"rounds": [{"role": "HUMAN"}, {"role": "BOT", "generate": True}]}
RESERVED = {**TWO_ROLES, "reservedRoles": [{"role": "SYSTEM"}]}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        pytest.param(CHAT, [("user", "SYS\nhi\n")], id="default"),
        pytest.param(
            endpoint_of(modelType="Chat", metaTemplate=TWO_ROLES),
            [("user", "SYS\nhi")],
            id="two-roles",
        ),
        pytest.param(
            endpoint_of(modelType="Chat", metaTemplate=RESERVED),
            [("system", "SYS"), ("user", "hi")],
            id="system-reserved",
        ),
        pytest.param(
            endpoint_of(modelType="Chat", chatTemplate={"userSuffixNewline": False}),
            [("user", "SYS\nhi")],
            id="newline-turned-off",
        ),
        pytest.param(
            endpoint_of(modelType="Chat", chatTemplate={"systemPrompt": "Be brief."}),
            [("system", "Be brief."), ("user", "SYS\nhi\n")],
            id="system-prompt",
        ),
    ],
)
def test_what_a_chat_model_hears(
    endpoint: ModelEndpointSpec, expected: list[tuple[str, str]]
) -> None:
    assert shown(question_of(spec_of(prompt=HI, examples=ALONE)), endpoint) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [("user", "SYS\nhi\n")], id="opens-a-dialogue-of-ones-own"),
        pytest.param(
            {"openCompass": {"config": "x"}},
            [("user", "\nSYS\nhi\n")],
            id="stays-where-opencompass-has-it",
        ),
    ],
)
def test_a_system_turn_in_front_of_the_rounds(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    spec = spec_of(
        prompt={"rounds": [SYSTEM, *HI["rounds"]]},
        examples=ALONE,
        **changes,
    )
    assert shown(question_of(spec), CHAT) == expected


def test_a_system_message_of_the_prompt_takes_the_place_of_the_endpoints() -> None:
    endpoint = endpoint_of(
        modelType="Chat", metaTemplate=RESERVED, chatTemplate={"systemPrompt": "Be brief."}
    )
    found = shown(question_of(spec_of(prompt=HI, examples=ALONE)), endpoint)
    assert found == [("system", "SYS"), ("user", "hi")]


def test_a_text_is_one_user_message_without_an_extra_line_break() -> None:
    spec = spec_of(prompt={"text": "Q: {question}"}, examples=ALONE)
    assert shown(question_of(spec), CHAT) == [("user", "Q: HQ")]


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        pytest.param(0, "HINT\n\nHQ", id="all-dropped-leaves-a-line-break"),
        pytest.param(1, "HINT\nH0 B\n\nHQ", id="one"),
    ],
)
def test_examples_of_a_text_are_lines_of_their_own(examples: int, expected: str) -> None:
    prompt = {"text": "HINT\n{examples}{question}", "example": {"text": "{question} {answer}\n"}}
    assert shown(question_of(spec_of(prompt=prompt)), BASE, examples) == expected


def test_a_text_without_a_place_has_its_examples_in_front() -> None:
    spec = spec_of(prompt={"text": "{question} {answer}"})
    assert shown(question_of(spec), BASE) == "H0 B\nH1 A\nHQ "


def test_a_place_for_no_examples_still_brings_its_line_break() -> None:
    origin = {"config": "ceval_zero_shot_gen_bd40ef", "iceTemplate": True}
    spec = spec_of(examples=ALONE, openCompass={**origin, "placeForExamples": True})
    assert shown(question_of(spec), BASE) == f"\n{HQ}"
    assert shown(question_of(spec_of(examples=ALONE, openCompass=origin)), BASE) == HQ


def test_texts_of_the_subject_are_put_in_before_the_rows() -> None:
    prompt = {"text": "{hint}{question}{answer}"}
    question = question_of(spec_of(prompt=prompt, examples=ALONE), {**ASKED, "question": "{hint}"})
    values = {"hint": "{question} of {subject_title}: "}
    subject = question.sheet.subject.model_copy(update={"values": values})
    held = question_of(question.spec, question.source.fields, subject=subject)
    assert shown(held, BASE) == "{hint} of {subject_title}: {hint}"


def test_what_closes_a_dialogue_is_said_by_a_plain_model_without_meta_template() -> None:
    prompt = {"rounds": ROUNDS, "end": [{"role": "HUMAN", "prompt": "bye"}]}
    assert shown(question_of(spec_of(prompt=prompt, examples=ALONE)), BASE) == f"{HQ}\nbye"
