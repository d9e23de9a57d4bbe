"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from kompass_api.addresses import ANTHROPIC_URL
from kompass_api.serving import Serving, Thinking
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.backends.served.asks import Answer, Ask, Finish
from kompass_worker.backends.served.clients import TokenCount, Wire
from kompass_worker.backends.served.http import Http
from kompass_worker.backends.served.openai_client import names_in
from kompass_worker.backends.served.openai_protocol import messages
from kompass_worker.backends.served.reasoning import told_apart
from kompass_worker.backends.served.troubles import Kind, Trouble

URL: Final = ANTHROPIC_URL
VERSION: Final = "2023-06-01"
_BUDGET: Final = 4096
"""Tokens of reasoning where it is asked for and nothing is said of its length."""
_FINISHES: Final[dict[str, Finish]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


class _Block(Wire):
    type: str
    text: str = ""
    thinking: str = ""


class _Usage(Wire):
    input_tokens: TokenCount = 0
    output_tokens: TokenCount = 0
    cache_read_input_tokens: TokenCount | None = None
    cache_creation_input_tokens: TokenCount | None = None


class _Body(Wire):
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage = _Usage()


@dataclass(frozen=True)
class AnthropicClient:
    """One model of Anthropic's."""

    http: Http
    serving: Serving

    async def ask(self, ask: Ask) -> Answer:
        """One answer."""
        found = await self.http.post("/messages", request_body(ask, self.serving))
        return answer_of(found, ask, self.serving)

    async def served_names(self) -> list[str] | None:
        """The models that the key may use."""
        return names_in(await self.http.get("/models?limit=1000"), "id")


def headers(keys: Sequence[str]) -> dict[str, str]:
    """What every request carries."""
    return {"anthropic-version": VERSION, **({"x-api-key": keys[0]} if keys else {})}


def request_body(ask: Ask, serving: Serving) -> dict[str, Any]:
    """The JSON of a request."""
    said = messages(ask.prompt)
    system = "\n".join(one["content"] for one in said if one["role"] == "system")
    budget = _budget(serving)
    body: dict[str, Any] = {
        "model": serving.model,
        "messages": [one for one in said if one["role"] != "system"],
        # Reasoning counts as output.
        "max_tokens": ask.max_new_tokens + (budget or 0),
    }
    if system:
        body["system"] = system
    # White space alone is refused as a stop word.
    if stops := [stop for stop in ask.stop if stop.strip()]:
        body["stop_sequences"] = stops
    if budget is not None:
        # Takes no temperature beside it.
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    elif serving.send_sampling:
        body |= _sampling(ask)
    return body


def _budget(serving: Serving) -> int | None:
    if serving.reasoning.thinking is not Thinking.ON:
        return None
    return serving.reasoning.budget_tokens or _BUDGET


def _sampling(ask: Ask) -> dict[str, Any]:
    if not ask.draws:
        return {"temperature": 0.0}
    body: dict[str, Any] = {"temperature": min(ask.temperature, 1.0)}
    if ask.top_p < 1:
        body["top_p"] = ask.top_p
    if ask.top_k:
        body["top_k"] = ask.top_k
    return body


def answer_of(body: dict[str, Any], ask: Ask, serving: Serving) -> Answer:
    """The answer in a response."""
    try:
        read = _Body.model_validate(body)
    except ValidationError:
        raise Trouble(Kind.BROKEN, f"an answer of another form (has: {sorted(body)})") from None
    said = "".join(block.text for block in read.content if block.type == "text")
    thought = "".join(block.thinking for block in read.content if block.type == "thinking")
    text, reasoning = told_apart(said, thought, serving.reasoning)
    cut, stopped = cut_at_stop(text, ask.stop)
    usage = read.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return Answer(
        cut,
        reasoning,
        tokens_in=usage.input_tokens + cached,
        tokens_out=usage.output_tokens,
        finish="stop" if stopped else _FINISHES.get(read.stop_reason or "", "stop"),
    )
