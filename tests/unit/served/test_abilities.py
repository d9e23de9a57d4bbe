"""Settings that a protocol cannot say are refused, not dropped."""

from __future__ import annotations

from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_api.methods import InferMode
from kompass_worker.backends.served.abilities import check_abilities
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
