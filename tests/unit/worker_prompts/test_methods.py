"""What the methods that generate nothing ask of a model, and how a dialogue is put to it."""

from __future__ import annotations

from typing import Any

import pytest
from unit.worker_prompts.forms import (
    BASE,
    CHAT,
    META,
    ROUNDS,
    WITH_META,
    endpoint_of,
    ppl_of,
    question_of,
    said,
    spec_of,
)

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.evalrun import Profile
from kompass_api.methods import InferMode, Likelihood, Method
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    ChoiceRequest,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    MinKPercent,
    PerplexityOnly,
    PlainRole,
    ScoringRequest,
    Split,
    TextRequest,
    prompts_of,
)

ALONE: dict[str, Any] = {"ids": []}
ASKED = {"question": "Q", "choices": ["yes {question}", "no"], "answer": "1", "cont": " tail."}
SAYS_IT = {"role": "BOT", "prompt": "is {answer}."}
TEXT = "Q: {question}\nA: {answer}"


def continuations(
    spec: BenchmarkSpec, endpoint: ModelEndpointSpec = BASE
) -> list[tuple[str, object, str]]:
    question = question_of(spec, ASKED)
    request = question.request(question.available, endpoint)
    assert isinstance(request, ContinuationRequest)
    return [(held.label, held.context, held.continuation) for held in request.candidates]


def likelihood_of(prompt: dict[str, Any], **changes: Any) -> BenchmarkSpec:
    return spec_of(**{"prompt": prompt, "method": "LogLikelihood", "examples": ALONE, **changes})


@pytest.mark.parametrize(
    ("prompt", "endpoint", "expected"),
    [
        pytest.param(
            {"text": TEXT, "labels": ["A", "B"]},
            BASE,
            [("A", "Q: Q\nA: ", "A"), ("B", "Q: Q\nA: ", "B")],
            id="labels",
        ),
        pytest.param(
            {"text": f"{TEXT}!", "labelsColumn": "choices"},
            BASE,
            [("0", "Q: Q\nA: ", "yes {question}!"), ("1", "Q: Q\nA: ", "no!")],
            id="choices-of-the-row-are-not-filled",
        ),
        pytest.param(
            {"rounds": ROUNDS, "labels": ["A", "B"]},
            WITH_META,
            [("A", "<s>[U]Q答案: [/U]\n[B]", "A"), ("B", "<s>[U]Q答案: [/U]\n[B]", "B")],
            id="dialogue-with-meta-template",
        ),
        pytest.param(
            {"rounds": ROUNDS, "labels": ["A", "B"]},
            BASE,
            [("A", "Q答案: \n", "A"), ("B", "Q答案: \n", "B")],
            id="dialogue",
        ),
        pytest.param(
            {"rounds": [ROUNDS[0], SAYS_IT], "labels": ["A", "B"]},
            WITH_META,
            [("A", "<s>[U]Q答案: [/U]\n[B]is ", "A."), ("B", "<s>[U]Q答案: [/U]\n[B]is ", "B.")],
            id="inside-a-turn",
        ),
        pytest.param(
            {
                "labelTemplates": [
                    {"label": "0", "text": "{question} bad"},
                    {"label": "1", "text": "{question} good"},
                ]
            },
            BASE,
            [("0", "", "Q bad"), ("1", "", "Q good")],
            id="templates-are-whole-texts",
        ),
        pytest.param(
            {
                "labelTemplates": [
                    {"label": name, "rounds": [ROUNDS[0], {"role": "BOT", "prompt": name}]}
                    for name in "AB"
                ]
            },
            BASE,
            [("A", "Q答案: \n", "A"), ("B", "Q答案: \n", "B")],
            id="templates-with-turns",
        ),
    ],
)
def test_a_continuation_begins_where_the_answer_stands(
    prompt: dict[str, Any], endpoint: ModelEndpointSpec, expected: list[object]
) -> None:
    assert continuations(likelihood_of(prompt), endpoint) == expected


SENTENCES = {
    "labelTemplates": [
        {"label": "A", "text": "{examples}He{cont}"},
        {"label": "B", "text": "{examples}She{cont}"},
    ]
}
POOL = ({"question": "", "cont": " ran.", "answer": "B"},)


def test_a_continuation_may_be_a_column_at_the_end_of_every_text() -> None:
    spec = likelihood_of(
        SENTENCES, likelihood={"continuation": "cont", "divideBy": "Nothing"}, examples={"ids": [0]}
    )
    request = question_of(spec, ASKED, pool=POOL).request(1, BASE)
    assert isinstance(request, ContinuationRequest)
    found = [(held.context, held.continuation) for held in request.candidates]
    assert found == [("She ran.\nHe", " tail."), ("She ran.\nShe", " tail.")]
    assert (request.split, request.divide_by) == (Split.OPENCOMPASS, Likelihood.NOTHING)


def test_a_text_that_does_not_end_with_its_continuation_is_refused() -> None:
    prompt = {"labelTemplates": [{"label": name, "text": "{question}"} for name in "AB"]}
    spec = likelihood_of(prompt, likelihood={"continuation": "cont"})
    with pytest.raises(InvalidData, match=r"cont is ' tail.', and the text of label 'A' does not"):
        continuations(spec)


def test_splits_of_lm_eval_stand_where_opencompass_has_none() -> None:
    spec = likelihood_of({"text": TEXT, "labels": ["A", "B"]})
    request = question_of(spec).request(0, BASE)
    assert isinstance(request, ContinuationRequest)
    assert request.split is Split.LM_EVAL


def test_perplexity_compares_the_choices_of_a_row() -> None:
    spec = ppl_of(prompt={"text": TEXT, "labelsColumn": "choices"}, examples=ALONE)
    request = question_of(spec, ASKED).request(0, BASE)
    assert isinstance(request, ScoringRequest)
    found = [(held.label, held.text, held.answer) for held in request.candidates]
    assert found == [
        ("0", "Q: Q\nA: yes {question}", "yes {question}"),
        ("1", "Q: Q\nA: no", "no"),
    ]


def test_an_example_shows_the_choice_that_its_row_says() -> None:
    spec = ppl_of(prompt={"text": "{examples}{question} {answer}", "labelsColumn": "choices"})
    pool = ({"question": "P", "choices": ["a", "b"], "answer": "1"},)
    request = question_of(spec, ASKED, pool=pool).request(1, BASE)
    assert isinstance(request, ScoringRequest)
    assert request.candidates[1].text == "P b\nQ no"


def test_an_example_whose_answer_is_no_place_among_its_choices_is_refused() -> None:
    spec = ppl_of(prompt={"text": "{examples}{question} {answer}", "labelsColumn": "choices"})
    pool = ({"question": "P", "choices": ["a", "b"], "answer": "2"},)
    with pytest.raises(InvalidData, match=r"row 1 .* answer is '2'; expected a place in choices"):
        question_of(spec, ASKED, pool=pool).request(1, BASE)


@pytest.mark.parametrize("held", ["yes", [], [1, 2]], ids=["a-text", "empty", "numbers"])
def test_choices_that_are_no_list_of_texts_are_refused(held: object) -> None:
    spec = ppl_of(prompt={"text": TEXT, "labelsColumn": "choices"}, examples=ALONE)
    with pytest.raises(InvalidData, match=r"toys/toy/0: choices .*expected a list"):
        question_of(spec, {**ASKED, "choices": held}).request(0, BASE)


def test_conditional_log_probability_asks_for_the_next_token() -> None:
    prompt = {"text": "{question} True or false? ", "labels": ["True", "False"]}
    spec = spec_of(prompt=prompt, method="ConditionalLogProbability", examples=ALONE)
    request = question_of(spec).request(0, BASE)
    assert request == ChoiceRequest("toys/toy/0", "HQ True or false? ", ("True", "False"))


def test_examples_of_choices_are_a_dialogue_like_any_other() -> None:
    prompt = {"rounds": ROUNDS, "labels": ["B", "A"]}
    spec = spec_of(prompt=prompt, method="ConditionalLogProbability")
    request = question_of(spec).request(2, BASE)
    assert isinstance(request, ChoiceRequest)
    assert request.prompt == "H0答案: \nB\nH1答案: \nA\nHQ答案: "
    assert request.choices == ("B", "A")


@pytest.mark.parametrize(
    ("method", "likelihood", "expected"),
    [
        pytest.param("PerplexityOnly", {}, PerplexityOnly(), id="perplexity"),
        pytest.param(
            "BitsPerCharacter",
            {"blockSize": 20, "stride": 5},
            BitsPerCharacter(20, 5, whole_windows=True),
            id="bits-per-character",
        ),
        pytest.param("MinKPercent", {"minKPercent": 10}, MinKPercent(10), id="min-k"),
    ],
)
def test_a_text_alone_is_what_it_is(
    method: str, likelihood: dict[str, Any], expected: object
) -> None:
    spec = spec_of(
        prompt={"text": "{question}={answer}"}, method=method, likelihood=likelihood, examples=ALONE
    )
    request = question_of(spec).request(0, BASE)
    assert isinstance(request, TextRequest)
    assert (request.text, request.what) == ("HQ=A", expected)


@pytest.mark.parametrize("method", [method for method in Method if not method.writes])
def test_a_chat_model_is_not_asked_to_weigh_a_text(method: Method) -> None:
    labels = ["A", "B"] if method.chooses else []
    prompt = {"text": "{question} {answer}", "labels": labels}
    spec = spec_of(prompt=prompt, method=method, examples=ALONE)
    with pytest.raises(InvalidRequest, match=r"weighs plain text .*modelType Base"):
        question_of(spec).request(0, CHAT)


def test_settings_of_a_generation_reach_the_model() -> None:
    generation = {
        "minNewTokens": 2,
        "samples": 4,
        "temperature": "0.7",
        "topP": "0.9",
        "topK": 40,
        "stop": ["\n"],
    }
    request = question_of(spec_of(generation=generation)).request(0, BASE)
    assert isinstance(request, GenerationRequest)
    assert (request.min_new_tokens, request.samples, request.stop) == (2, 4, ("\n",))
    assert (request.temperature, request.top_p, request.top_k) == (0.7, 0.9, 40)


DIALOGUE = [
    {"role": "user", "content": "u1"},
    {"role": "assistant", "content": "b1"},
    {"role": "user", "content": "u2"},
]


def conversation(endpoint: ModelEndpointSpec, dialogue: object = DIALOGUE) -> ConversationRequest:
    spec = spec_of(
        prompt={}, method="Conversation", conversation={"inferMode": "every"}, examples=ALONE
    )
    request = question_of(spec, {"dialogue": dialogue, "answer": "b2"}).request(0, endpoint)
    assert isinstance(request, ConversationRequest)
    return request


def test_a_dialogue_of_the_data_is_put_as_it_is_with_the_reference_at_its_end() -> None:
    request = conversation(CHAT)
    assert said(request.messages) == [
        ("user", "u1"),
        ("assistant", "b1"),
        ("user", "u2"),
        ("assistant", "b2"),
    ]
    assert (request.infer_mode, request.plain) == (InferMode.EVERY, None)


def test_a_system_prompt_opens_a_dialogue() -> None:
    endpoint = endpoint_of(modelType="Chat", chatTemplate={"systemPrompt": "Be brief."})
    assert said(conversation(endpoint).messages)[0] == ("system", "Be brief.")


@pytest.mark.parametrize(
    ("endpoint", "plain", "expected"),
    [
        pytest.param(BASE, (), "u1\nb1\nu2\nb2", id="lines"),
        pytest.param(
            WITH_META,
            (PlainRole("user", "[U]", "[/U]\n"), PlainRole("assistant", "[B]", "[/B]\n")),
            "[U]u1[/U]\n[B]b1[/B]\n[U]u2[/U]\n[B]b2[/B]\n[B]",
            id="meta-template",
        ),
    ],
)
def test_a_dialogue_for_a_plain_model_takes_its_meta_templates_roles(
    endpoint: ModelEndpointSpec, plain: object, expected: str
) -> None:
    request = conversation(endpoint)
    assert request.plain == plain
    assert prompts_of(request) == (expected,)


@pytest.mark.parametrize(
    ("dialogue", "message"),
    [
        pytest.param("hello", "dialogue is 'hello'; expected a list", id="a-text"),
        pytest.param([{"role": "bot", "content": "x"}], "expected an object with role", id="role"),
        pytest.param([{"role": "user"}], "expected an object with role", id="no-content"),
        pytest.param([{"role": "system", "content": "x"}], "no user message", id="nobody-asks"),
    ],
)
def test_a_dialogue_that_is_none_is_refused(dialogue: object, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        conversation(CHAT, dialogue)


def test_a_turn_of_a_reserved_role_inside_the_rounds_is_refused() -> None:
    meta = {**META, "reservedRoles": [{"role": "SYSTEM"}]}
    rounds = [ROUNDS[0], {"role": "SYSTEM", "prompt": "x"}, ROUNDS[1]]
    spec = spec_of(prompt={"rounds": rounds}, examples=ALONE)
    with pytest.raises(InvalidRequest, match="move the turn to"):
        question_of(spec).request(0, endpoint_of(metaTemplate=meta))


def test_a_role_that_nobody_stands_in_for_is_refused() -> None:
    meta = {"rounds": [{"role": "BOT", "generate": True}]}
    with pytest.raises(InvalidRequest, match="knows neither this role nor HUMAN"):
        question_of(spec_of(), profile=Profile.KOMPASS_1).request(0, endpoint_of(metaTemplate=meta))
