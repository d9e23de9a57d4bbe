"""Anthropic's Messages API: what is sent and what is read."""

from __future__ import annotations

from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_worker.backends.served.anthropic_client import answer_of, headers, request_body
from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.prompts.requests import Message

CHAT = (Message("system", "Be brief."), Message("user", "1+1?"))
ASK = Ask(CHAT, 8, stop=("\n", "END"))


@pytest.mark.parametrize(
    ("ask", "serving", "expected"),
    [
        pytest.param(ASK, {}, {"max_tokens": 8, "temperature": 0.0}, id="greedy"),
        pytest.param(
            Ask(CHAT, 8, stop=("END",), temperature=1.5, top_p=0.9, top_k=5, seed=3),
            {},
            {"max_tokens": 8, "temperature": 1.0, "top_p": 0.9, "top_k": 5},
            id="drawn",
        ),
        pytest.param(
            ASK,
            {"reasoning": {"thinking": "On", "budgetTokens": 2048}},
            {"max_tokens": 2056, "thinking": {"type": "enabled", "budget_tokens": 2048}},
            id="thinking-needs-room-and-takes-no-temperature",
        ),
        pytest.param(ASK, {"sendSampling": False}, {"max_tokens": 8}, id="no-sampling"),
    ],
)
def test_requests(ask: Ask, serving: dict[str, Any], expected: dict[str, Any]) -> None:
    assert request_body(ask, endpoint("Anthropic", **serving).served) == {
        "model": "m",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "1+1?"}],
        "stop_sequences": ["END"],
        **expected,
    }


def test_the_key_stands_in_a_header() -> None:
    assert headers(("made-up",)) == {"anthropic-version": "2023-06-01", "x-api-key": "made-up"}


USAGE = {"input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 3}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            {
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "x"},
                    {"type": "redacted_thinking", "data": "y"},
                    {"type": "text", "text": "2"},
                ],
                "stop_reason": "end_turn",
                "usage": USAGE,
            },
            Answer("2", "hm", 12, 4, "stop"),
            id="thinking",
        ),
        pytest.param(
            {
                "content": [{"type": "text", "text": "2"}],
                "stop_reason": "max_tokens",
                "usage": USAGE,
            },
            Answer("2", "", 12, 4, "length"),
            id="cut-off",
        ),
        pytest.param(
            {"content": [], "stop_reason": "refusal", "usage": USAGE},
            Answer("", "", 12, 4, "content_filter"),
            id="refusal",
        ),
        pytest.param(
            {"content": [{"type": "text", "text": "2\n3"}], "stop_reason": "end_turn"},
            Answer("2", "", 0, 0, "stop"),
            id="a-stop-word-that-was-not-sent",
        ),
    ],
)
def test_answers(found: dict[str, Any], expected: Answer) -> None:
    assert answer_of(found, ASK, endpoint("Anthropic").served) == expected


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"content": None}, id="null"),
        pytest.param({"content": ["text"]}, id="texts"),
        pytest.param({"content": [{"type": "text", "text": {}}]}, id="text-is-an-object"),
    ],
)
def test_hostile_bodies(found: dict[str, Any]) -> None:
    with pytest.raises(Trouble) as caught:
        answer_of(found, ASK, endpoint("Anthropic").served)
    assert caught.value.kind is Kind.BROKEN
