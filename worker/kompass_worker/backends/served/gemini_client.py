"""Gemini's generateContent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pydantic import ValidationError

from kompass_api.addresses import GEMINI_URL
from kompass_api.serving import Serving, Thinking
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.backends.served.asks import Answer, Ask, Finish
from kompass_worker.backends.served.clients import TokenCount, Wire
from kompass_worker.backends.served.http import Http
from kompass_worker.backends.served.openai_protocol import messages
from kompass_worker.backends.served.reasoning import told_apart
from kompass_worker.backends.served.troubles import Kind, Trouble

URL: Final = GEMINI_URL
_MAX_STOPS: Final = 5
_ROLES: Final = {"user": "user", "assistant": "model"}
_FILTERED: Final = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE"}
)


class _Part(Wire):
    text: str = ""
    thought: bool = False


class _Content(Wire):
    parts: tuple[_Part, ...] = ()


class _Candidate(Wire):
    content: _Content = _Content()
    finishReason: str = "STOP"  # noqa: N815  (the server's name)


class _Feedback(Wire):
    blockReason: str = ""  # noqa: N815


class _Usage(Wire):
    promptTokenCount: TokenCount = 0  # noqa: N815
    candidatesTokenCount: TokenCount = 0  # noqa: N815
    thoughtsTokenCount: TokenCount = 0  # noqa: N815


class _Body(Wire):
    candidates: tuple[_Candidate, ...] = ()
    promptFeedback: _Feedback = _Feedback()  # noqa: N815
    usageMetadata: _Usage = _Usage()  # noqa: N815


@dataclass(frozen=True)
class GeminiClient:
    """One model of Google's."""

    http: Http
    serving: Serving

    async def ask(self, ask: Ask) -> Answer:
        """One answer."""
        body = request_body(ask, self.serving)
        found = await self.http.post(f"{self._path}:generateContent", body)
        return answer_of(found, ask, self.serving)

    async def served_names(self) -> list[str] | None:
        """The model's own name; the server is asked for it alone."""
        await self.http.get(self._path)
        return [self.serving.model]

    @property
    def _path(self) -> str:
        return f"/models/{quote(self.serving.model.removeprefix('models/'), safe='')}"


def headers(keys: Sequence[str]) -> dict[str, str]:
    """What every request carries; in the URL the key would stand in logs."""
    return {"x-goog-api-key": keys[0]} if keys else {}


def request_body(ask: Ask, serving: Serving) -> dict[str, Any]:
    """The JSON of a request."""
    said = messages(ask.prompt)
    system = "\n".join(one["content"] for one in said if one["role"] == "system")
    body: dict[str, Any] = {
        "contents": [
            {"role": _ROLES[one["role"]], "parts": [{"text": one["content"]}]}
            for one in said
            if one["role"] in _ROLES
        ],
        "generationConfig": _config(ask, serving),
    }
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    return body


def _config(ask: Ask, serving: Serving) -> dict[str, Any]:
    config: dict[str, Any] = {"maxOutputTokens": ask.max_new_tokens, "candidateCount": 1}
    if ask.stop:
        config["stopSequences"] = list(ask.stop[:_MAX_STOPS])
    if serving.send_sampling:
        config["temperature"] = ask.temperature
        if ask.draws:
            config |= {"topP": ask.top_p, "seed": ask.seed}
            config |= {"topK": ask.top_k} if ask.top_k else {}
    thinking: dict[str, Any] = {}
    if serving.reasoning.thinking is Thinking.OFF:
        thinking["thinkingBudget"] = 0
    elif serving.reasoning.budget_tokens is not None:
        thinking["thinkingBudget"] = serving.reasoning.budget_tokens
    if serving.reasoning.thinking is Thinking.ON:
        thinking["includeThoughts"] = True
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def answer_of(body: dict[str, Any], ask: Ask, serving: Serving) -> Answer:
    """The answer in a response."""
    try:
        read = _Body.model_validate(body)
    except ValidationError:
        raise Trouble(Kind.BROKEN, f"an answer of another form (has: {sorted(body)})") from None
    usage = read.usageMetadata
    tokens = (usage.promptTokenCount, usage.candidatesTokenCount + usage.thoughtsTokenCount)
    if not read.candidates:
        if not read.promptFeedback.blockReason:
            raise Trouble(Kind.BROKEN, f"an answer without candidates (has: {sorted(body)})")
        return Answer("", "", *tokens, finish="content_filter")
    candidate = read.candidates[0]
    parts = candidate.content.parts
    said = "".join(part.text for part in parts if not part.thought)
    thought = "".join(part.text for part in parts if part.thought)
    text, reasoning = told_apart(said, thought, serving.reasoning)
    cut, stopped = cut_at_stop(text, ask.stop)
    finish = "stop" if stopped else _finish(candidate.finishReason)
    return Answer(cut, reasoning, *tokens, finish=finish)


def _finish(reason: str) -> Finish:
    if reason in _FILTERED:
        return "content_filter"
    return "length" if reason == "MAX_TOKENS" else "stop"
