"""OpenAI's protocol: what is sent to each provider, what is read out of what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_api.serving import Provider
from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.openai_protocol import answer_of, request_body
from kompass_worker.backends.served.presets import PRESETS, preset_of
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.prompts.requests import Message

CHAT = (Message("system", "Be brief."), Message("user", "1+1?"))
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}]
GREEDY = Ask(CHAT, 8)
DRAWN = Ask(CHAT, 8, temperature=0.7, top_p=0.9, top_k=40, seed=5)
PLAIN: dict[str, Any] = {"model": "m", "stream": False}


def sent(ask: Ask, model_type: str = "Chat", **serving: Any) -> dict[str, Any]:
    spec = endpoint(model_type=model_type, **serving)
    return request_body(ask, ask.prompt, spec, preset_of(spec.served))


@pytest.mark.parametrize(
    ("ask", "serving", "expected"),
    [
        pytest.param(
            GREEDY, {}, {"messages": MESSAGES, "max_tokens": 8, "temperature": 0.0}, id="greedy"
        ),
        pytest.param(
            DRAWN,
            {},
            {"messages": MESSAGES, "max_tokens": 8, "temperature": 0.7, "top_p": 0.9, "seed": 5},
            id="drawn",
        ),
        pytest.param(
            DRAWN,
            {"provider": "vLLM"},
            {
                "messages": MESSAGES,
                "max_tokens": 8,
                "temperature": 0.7,
                "top_p": 0.9,
                "top_k": 40,
                "seed": 5,
            },
            id="top-k-where-it-is-known",
        ),
        pytest.param(
            Ask(CHAT, 8, min_new_tokens=2, stop=("\n",)),
            {"provider": "LMDeploy", "sendSampling": False},
            {"messages": MESSAGES, "max_tokens": 8, "min_new_tokens": 2, "stop": ["\n"]},
            id="least-tokens",
        ),
        pytest.param(
            GREEDY,
            {"provider": "OpenAI"},
            {"messages": MESSAGES, "max_completion_tokens": 8, "temperature": 0.0},
            id="openai",
        ),
        pytest.param(
            Ask(CHAT, 8, stop=("\n",), temperature=1.0, seed=5),
            {"provider": "OpenAI", "model": "gpt-5-mini", "reasoning": {"effort": "Low"}},
            {
                "model": "gpt-5-mini",
                "messages": MESSAGES,
                "max_completion_tokens": 8,
                "reasoning_effort": "low",
            },
            id="openai-reasoner",
        ),
        pytest.param(
            GREEDY,
            {"provider": "MiniMax"},
            {"messages": MESSAGES, "max_tokens": 8, "temperature": 0.01},
            id="no-zero",
        ),
        pytest.param(
            GREEDY,
            {"provider": "Qwen", "reasoning": {"thinking": "On", "budgetTokens": 512}},
            {
                "messages": MESSAGES,
                "max_tokens": 8,
                "temperature": 0.0,
                "enable_thinking": True,
                "thinking_budget": 512,
            },
            id="qwen-thinks",
        ),
        pytest.param(
            GREEDY,
            {"provider": "Doubao", "reasoning": {"thinking": "Off"}},
            {
                "messages": MESSAGES,
                "max_tokens": 8,
                "temperature": 0.0,
                "thinking": {"type": "disabled"},
            },
            id="doubao-does-not-think",
        ),
        pytest.param(
            GREEDY,
            {"provider": "SGLang", "reasoning": {"thinking": "Off"}},
            {
                "messages": MESSAGES,
                "max_tokens": 8,
                "temperature": 0.0,
                "chat_template_kwargs": {"enable_thinking": False},
            },
            id="template-does-not-think",
        ),
        pytest.param(
            GREEDY,
            {"provider": "Ollama", "reasoning": {"thinking": "Off"}},
            {
                "messages": MESSAGES,
                "max_tokens": 8,
                "temperature": 0.0,
                "reasoning_effort": "none",
            },
            id="ollama-does-not-think",
        ),
    ],
)
def test_requests(ask: Ask, serving: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent(ask, **serving) == {**PLAIN, **expected}


def test_plain_text_is_a_prompt() -> None:
    body = sent(Ask("1+1=", 4, stop=tuple("abcdef")), "Base", reasoning={"effort": "Low"})
    assert body == {
        **PLAIN,
        "prompt": "1+1=",
        "max_tokens": 4,
        "stop": ["a", "b", "c", "d"],
        "temperature": 0.0,
    }


@pytest.mark.parametrize("provider", Provider)
def test_every_provider_has_a_preset_and_those_of_others_an_address(provider: Provider) -> None:
    assert (PRESETS[provider].url is None) == provider.is_yours


def body(message: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "choices": [choice],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        **more,
    }


def choice_of(**choice: Any) -> dict[str, Any]:
    return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(body({"content": "2"}), Answer("2", "", 9, 4, "stop"), id="answer"),
        pytest.param(
            body({"content": "2", "reasoning_content": "hm"}),
            Answer("2", "hm", 9, 4, "stop"),
            id="reasoning-content",
        ),
        pytest.param(
            body({"content": "2", "reasoning": "hm"}),
            Answer("2", "hm", 9, 4, "stop"),
            id="reasoning-of-vllm",
        ),
        pytest.param(
            body({"content": None, "reasoning_content": "hm"}),
            Answer("", "hm", 9, 4, "stop"),
            id="thought-and-no-answer",
        ),
        pytest.param(
            body({"content": [{"type": "text", "text": "2"}, {"type": "image"}, 7]}),
            Answer("2", "", 9, 4, "stop"),
            id="content-in-parts",
        ),
        pytest.param(
            body({"content": None, "refusal": "I won't."}),
            Answer("I won't.", "", 9, 4, "content_filter"),
            id="refusal",
        ),
        pytest.param(
            choice_of(message={"content": ""}, finish_reason="content_filter"),
            Answer("", "", 9, 4, "content_filter"),
            id="filtered",
        ),
        pytest.param(
            choice_of(message={"content": "2 an"}, finish_reason="length"),
            Answer("2 an", "", 9, 4, "length"),
            id="cut-off",
        ),
        pytest.param(
            choice_of(message={"content": "2\nQ: 3"}, finish_reason="length"),
            Answer("2", "", 9, 4, "stop"),
            id="a-stop-word-that-the-server-did-not-heed",
        ),
        pytest.param(
            choice_of(text="2\nQ", finish_reason="stop"),
            Answer("2", "", 9, 4, "stop"),
            id="completion",
        ),
        pytest.param(
            {"choices": [{"message": {"content": "2"}}], "usage": None},
            Answer("2", "", 0, 0, "stop"),
            id="no-usage",
        ),
        pytest.param(
            body({"content": "2"}, base_resp={"status_code": 0, "status_msg": "success"}),
            Answer("2", "", 9, 4, "stop"),
            id="minimax",
        ),
    ],
)
def test_answers(found: dict[str, Any], expected: Answer) -> None:
    assert answer_of(found, Ask(CHAT, 8, stop=("\n",)), endpoint()) == expected


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        pytest.param({}, Kind.BROKEN, id="nothing"),
        pytest.param({"choices": []}, Kind.BROKEN, id="no-choices"),
        pytest.param({"choices": None}, Kind.BROKEN, id="null-choices"),
        pytest.param({"choices": "B"}, Kind.BROKEN, id="choices-are-text"),
        pytest.param({"choices": [{"message": {"content": 7}}]}, Kind.BROKEN, id="a-number"),
        pytest.param({"choices": [{"message": []}]}, Kind.BROKEN, id="message-is-a-list"),
        pytest.param(
            {"choices": [{"text": "x"}], "usage": {"prompt_tokens": -1}}, Kind.BROKEN, id="negative"
        ),
        pytest.param(
            {"choices": [{"text": "x"}], "usage": {"prompt_tokens": 1e99}}, Kind.BROKEN, id="huge"
        ),
        pytest.param({"error": {"message": "oops"}}, Kind.BROKEN, id="error-with-status-200"),
        pytest.param(
            {"choices": None, "base_resp": {"status_code": 1004}}, Kind.DENIED, id="minimax-key"
        ),
        pytest.param(
            {"choices": None, "base_resp": {"status_code": 1002}}, Kind.BUSY, id="minimax-busy"
        ),
        pytest.param(
            {"choices": None, "base_resp": {"status_code": 1027}},
            Kind.FILTERED,
            id="minimax-filter",
        ),
    ],
)
def test_hostile_bodies(found: dict[str, Any], kind: Kind) -> None:
    with pytest.raises(Trouble) as caught:
        answer_of(found, GREEDY, endpoint())
    assert caught.value.kind is kind
