"""XunFei Spark's frames: what is sent, and an answer out of what comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from kompass_api.serving import Serving
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.clients import TokenCount, Wire
from kompass_worker.backends.served.openai_protocol import messages
from kompass_worker.backends.served.reasoning import told_apart
from kompass_worker.backends.served.troubles import Kind, Trouble

_HOST: Final = "wss://spark-api.xf-yun.com"
_LAST: Final = 2
"""Status of the last frame."""
_LEAST_TEMPERATURE: Final = 0.01


@dataclass(frozen=True)
class Version:
    """A version of the model: its address, its name in a request, and what it takes."""

    url: str
    domain: str
    takes_system: bool = False


VERSIONS: Final[Mapping[str, Version]] = {
    "lite": Version(f"{_HOST}/v1.1/chat", "lite"),
    "v2.0": Version(f"{_HOST}/v2.1/chat", "generalv2"),
    "pro": Version(f"{_HOST}/v3.1/chat", "generalv3"),
    "pro-128k": Version(f"{_HOST}/chat/pro-128k", "pro-128k"),
    "max": Version(f"{_HOST}/v3.5/chat", "generalv3.5", takes_system=True),
    "max-32k": Version(f"{_HOST}/chat/max-32k", "max-32k", takes_system=True),
    "4.0ultra": Version(f"{_HOST}/v4.0/chat", "4.0Ultra", takes_system=True),
    "x1": Version(f"{_HOST}/v1/x1", "x1", takes_system=True),
}
"""By name in small letters."""

_KINDS: Final[Mapping[int, Kind]] = {
    10003: Kind.INVALID,
    10004: Kind.INVALID,
    10005: Kind.INVALID,
    10006: Kind.BUSY,
    10007: Kind.BUSY,
    10008: Kind.BUSY,
    10009: Kind.BROKEN,
    10010: Kind.BROKEN,
    10011: Kind.BROKEN,
    10012: Kind.BROKEN,
    10013: Kind.FILTERED,
    10014: Kind.FILTERED,
    10015: Kind.DENIED,
    10016: Kind.DENIED,
    10019: Kind.FILTERED,
    10110: Kind.BUSY,
    10163: Kind.INVALID,
    10404: Kind.NO_MODEL,
    10907: Kind.TOO_LONG,
    11200: Kind.DENIED,
    11201: Kind.UNPAID,
    11202: Kind.BUSY,
    11203: Kind.BUSY,
}


class _Header(Wire):
    code: int
    message: str = ""


class _Text(Wire):
    content: str = ""
    reasoning_content: str = ""


class _Choices(Wire):
    status: int
    text: tuple[_Text, ...] = ()


class _UsageText(Wire):
    prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0


class _Usage(Wire):
    text: _UsageText = _UsageText()


class _Payload(Wire):
    choices: _Choices
    usage: _Usage | None = None


class Frame(Wire):
    """One message of the server."""

    header: _Header
    payload: _Payload | None = None

    @property
    def is_last(self) -> bool:
        """Whether the answer is whole."""
        return self.payload is not None and self.payload.choices.status == _LAST


def version_of(serving: Serving) -> Version | None:
    """The version that the endpoint names; with an address of its own any name is one."""
    known = VERSIONS.get(serving.model.lower())
    if serving.url is None:
        return known
    if known is None:
        return Version(serving.url, serving.model, takes_system=True)
    return Version(serving.url, known.domain, known.takes_system)


def request_frame(ask: Ask, serving: Serving, version: Version, app_id: str) -> dict[str, Any]:
    """The JSON that asks."""
    chat: dict[str, Any] = {"domain": version.domain, "max_tokens": ask.max_new_tokens}
    if serving.send_sampling:
        chat["temperature"] = min(max(ask.temperature, _LEAST_TEMPERATURE), 1.0)
        chat["top_k"] = min(max(ask.top_k, 1), 6) if ask.draws else 1
    said = messages(ask.prompt)
    return {
        "header": {"app_id": app_id},
        "parameter": {"chat": chat},
        "payload": {"message": {"text": said if version.takes_system else _without_system(said)}},
    }


def _without_system(said: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What the system would say is said by the user; neighbours of one role are one message."""
    result: list[dict[str, str]] = []
    for one in said:
        role = "user" if one["role"] == "system" else one["role"]
        if result and result[-1]["role"] == role:
            result[-1]["content"] += f"\n{one['content']}"
        else:
            result.append({"role": role, "content": one["content"]})
    return result


def frame_of(message: str | bytes) -> Frame:
    """The frame in a message; a Trouble for what is none, or says what is wrong."""
    try:
        frame = Frame.model_validate_json(message)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, found["loc"])) or "the frame"
        raise Trouble(Kind.BROKEN, f"a frame of another form: {where}: {found['msg']}") from None
    if frame.header.code:
        kind = _KINDS.get(frame.header.code, Kind.BROKEN)
        raise Trouble(kind, f"{frame.header.code} {frame.header.message}")
    return frame


def answer_of(frames: Sequence[Frame], ask: Ask, serving: Serving) -> Answer:
    """The answer in all frames; the last one counts the tokens."""
    payloads = [frame.payload for frame in frames if frame.payload is not None]
    parts = [part for payload in payloads for part in payload.choices.text]
    said = "".join(part.content for part in parts)
    thought = "".join(part.reasoning_content for part in parts)
    usage = next((held.usage.text for held in reversed(payloads) if held.usage), _UsageText())
    text, reasoning = told_apart(said, thought, serving.reasoning)
    cut, stopped = cut_at_stop(text, ask.stop)
    # The service does not say why an answer ended.
    is_full = usage.completion_tokens >= ask.max_new_tokens and not stopped
    return Answer(
        cut,
        reasoning,
        usage.prompt_tokens,
        usage.completion_tokens,
        finish="length" if is_full else "stop",
    )
