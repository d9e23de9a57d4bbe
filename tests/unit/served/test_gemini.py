"""Gemini's generateContent: what is sent and what is read."""

from __future__ import annotations

from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.gemini_client import answer_of, headers, request_body
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.prompts.requests import Message

CHAT = (Message("system", "Be brief."), Message("user", "1+1?"), Message("assistant", "2"))
ASK = Ask(CHAT, 8, stop=("\n",))


@pytest.mark.parametrize(
    ("ask", "serving", "config"),
    [
        pytest.param(ASK, {}, {"temperature": 0.0}, id="greedy"),
        pytest.param(
            Ask(CHAT, 8, stop=("\n",), temperature=0.5, top_p=0.9, top_k=3, seed=1),
            {},
            {"temperature": 0.5, "topP": 0.9, "topK": 3, "seed": 1},
            id="drawn",
        ),
        pytest.param(
            ASK,
            {"sendSampling": False, "reasoning": {"thinking": "Off"}},
            {"thinkingConfig": {"thinkingBudget": 0}},
            id="does-not-think",
        ),
        pytest.param(
            ASK,
            {"sendSampling": False, "reasoning": {"thinking": "On", "budgetTokens": 512}},
            {"thinkingConfig": {"thinkingBudget": 512, "includeThoughts": True}},
            id="thinks",
        ),
    ],
)
def test_requests(ask: Ask, serving: dict[str, Any], config: dict[str, Any]) -> None:
    assert request_body(ask, endpoint("Gemini", **serving).served) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "1+1?"}]},
            {"role": "model", "parts": [{"text": "2"}]},
        ],
        "generationConfig": {
            "maxOutputTokens": 8,
            "candidateCount": 1,
            "stopSequences": ["\n"],
            **config,
        },
    }


def test_the_key_stands_in_a_header() -> None:
    assert headers(("made-up",)) == {"x-goog-api-key": "made-up"}


USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 2}


def candidate(reason: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": list(parts)}, "finishReason": reason}],
        "usageMetadata": USAGE,
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(candidate("STOP", {"text": "2"}), Answer("2", "", 9, 6, "stop"), id="answer"),
        pytest.param(
            candidate("STOP", {"text": "hm", "thought": True}, {"text": "2"}),
            Answer("2", "hm", 9, 6, "stop"),
            id="thought",
        ),
        pytest.param(
            candidate("MAX_TOKENS", {"text": "2"}), Answer("2", "", 9, 6, "length"), id="cut-off"
        ),
        pytest.param(candidate("SAFETY"), Answer("", "", 9, 6, "content_filter"), id="safety"),
        pytest.param(
            {"candidates": [{"finishReason": "MAX_TOKENS"}], "usageMetadata": USAGE},
            Answer("", "", 9, 6, "length"),
            id="thought-for-too-long",
        ),
        pytest.param(
            {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE},
            Answer("", "", 9, 6, "content_filter"),
            id="prompt-blocked",
        ),
    ],
)
def test_answers(found: dict[str, Any], expected: Answer) -> None:
    assert answer_of(found, ASK, endpoint("Gemini").served) == expected


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"candidates": {}}, id="an-object"),
        pytest.param({"candidates": [{"content": {"parts": "2"}}]}, id="parts-are-text"),
        pytest.param(
            {"candidates": [{}], "usageMetadata": {"promptTokenCount": "many"}}, id="many-tokens"
        ),
    ],
)
def test_hostile_bodies(found: dict[str, Any]) -> None:
    with pytest.raises(Trouble) as caught:
        answer_of(found, ASK, endpoint("Gemini").served)
    assert caught.value.kind is Kind.BROKEN
