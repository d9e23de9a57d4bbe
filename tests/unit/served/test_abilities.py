"""Settings that a protocol cannot say are refused, not dropped."""

from __future__ import annotations

from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_api.metatemplate import ChatTemplate
from kompass_api.methods import InferMode
from kompass_worker.backends.served.abilities import check_abilities
from kompass_worker.backends.served.asks import Ask
from kompass_worker.backends.served.openai_protocol import request_body
from kompass_worker.backends.served.presets import preset_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import (
    ConversationRequest,
    GenerationRequest,
    Message,
    Request,
    TextRequest,
)
from kompass_worker.prompts.requests import PerplexityOnly as Perplexity

LEAST = GenerationRequest("i", "why", 8, min_new_tokens=2)
TALK = ConversationRequest("i", (Message("user", "why"),), InferMode.LAST, 8, min_new_tokens=2)
TOP_K = GenerationRequest("i", "why", 8, temperature=0.7, top_k=40)


@pytest.mark.parametrize(
    ("request_", "serving", "words"),
    [
        pytest.param(LEAST, {}, "at least 2 new tokens", id="least-tokens"),
        pytest.param(TALK, {}, "at least 2 new tokens", id="least-tokens-of-a-conversation"),
        pytest.param(LEAST, {"backend": "Gemini"}, "at least 2 new tokens", id="gemini"),
        pytest.param(TOP_K, {}, "the 40 likeliest tokens", id="top-k"),
        pytest.param(TOP_K, {"provider": "DeepSeek"}, "the 40 likeliest tokens", id="deepseek"),
    ],
)
def test_what_would_be_dropped_is_refused(
    request_: Request, serving: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        check_abilities([request_], endpoint(**serving), "model 'm'")
    assert caught.value.item == "i"


@pytest.mark.parametrize(
    ("serving", "reasoning", "words"),
    [
        pytest.param({"provider": "OpenAI"}, {"thinking": "On"}, "told: effort", id="openai"),
        pytest.param(
            {"provider": "DeepSeek"}, {"budgetTokens": 512}, "effort, thinking", id="deepseek"
        ),
        pytest.param({"backend": "Gemini"}, {"effort": "Low"}, "reasoning.effort", id="gemini"),
        pytest.param(
            {"backend": "Anthropic"},
            {"budgetTokens": 2048},
            "told: thinking",
            id="budget-of-nothing",
        ),
        pytest.param({"backend": "Spark"}, {"thinking": "Off"}, "told: nothing", id="spark"),
        pytest.param({"model_type": "Base"}, {"effort": "Low"}, "told: nothing", id="plain-text"),
    ],
)
def test_reasoning_that_nobody_hears_of_is_refused(
    serving: dict[str, Any], reasoning: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        check_abilities([], endpoint(**serving, reasoning=reasoning), "model 'm'")


@pytest.mark.parametrize(
    ("serving", "reasoning"),
    [
        pytest.param({}, {"thinking": "Off"}, id="own-server"),
        pytest.param({"provider": "OpenAI"}, {"effort": "High"}, id="openai"),
        pytest.param(
            {"provider": "Qwen"},
            {"thinking": "On", "budgetTokens": 512, "effort": "Low"},
            id="qwen",
        ),
        pytest.param({"backend": "Anthropic"}, {"thinking": "Off"}, id="anthropic-as-it-is"),
        pytest.param(
            {"backend": "Anthropic"}, {"thinking": "On", "budgetTokens": 2048}, id="anthropic"
        ),
    ],
)
def test_reasoning_that_can_be_said_is_taken(
    serving: dict[str, Any], reasoning: dict[str, Any]
) -> None:
    check_abilities([], endpoint(**serving, reasoning=reasoning), "model 'm'")


FLAGS: dict[str, Any] = {"flags": {"enable_thinking": False}}


@pytest.mark.parametrize("serving", [{"backend": "Gemini"}, {"provider": "Qwen"}])
def test_arguments_of_a_template_that_nobody_reaches_are_refused(serving: dict[str, Any]) -> None:
    spec = endpoint(**serving).model_copy(update={"chat_template": ChatTemplate(**FLAGS)})
    with pytest.raises(InvalidRequest, match=r"chatTemplate\.arguments"):
        check_abilities([], spec, "model 'm'")


@pytest.mark.parametrize("serving", [{}, {"provider": "vLLM", "reasoning": {"thinking": "On"}}])
def test_arguments_of_a_template_go_with_the_messages(serving: dict[str, Any]) -> None:
    spec = endpoint(**serving).model_copy(update={"chat_template": ChatTemplate(**FLAGS)})
    check_abilities([], spec, "model 'm'")
    body = request_body(Ask("why", 8), "why", spec, preset_of(spec.served))
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize(
    ("request_", "serving"),
    [
        pytest.param(LEAST, {"provider": "vLLM"}, id="least-tokens"),
        pytest.param(TOP_K, {"provider": "Qwen"}, id="top-k"),
        pytest.param(TOP_K, {"backend": "Anthropic"}, id="anthropic"),
        pytest.param(GenerationRequest("i", "why", 8, top_k=40), {}, id="top-k-and-no-chance"),
        pytest.param(TextRequest("i", "why", Perplexity()), {}, id="nothing-is-written"),
    ],
)
def test_the_rest_is_taken(request_: Request, serving: dict[str, Any]) -> None:
    check_abilities([request_], endpoint(**serving), "model 'm'")
