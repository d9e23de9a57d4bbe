"""OpenAI's protocol: bodies of requests, and answers out of bodies of responses. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationError

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.serving import ServedPath
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.backends.served.asks import Answer, Ask, Finish
from kompass_worker.backends.served.clients import TokenCount, Wire
from kompass_worker.backends.served.presets import Preset, reasoning_fields
from kompass_worker.backends.served.reasoning import told_apart
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.prompts.requests import Prompt

_FILTERED: Final = frozenset({"content_filter", "sensitive", "risk"})
_CUT: Final = frozenset({"length", "max_tokens", "max_output"})
_MINIMAX_TROUBLES: Final = {
    1002: Kind.BUSY,
    1004: Kind.DENIED,
    1008: Kind.UNPAID,
    1026: Kind.FILTERED,
    1027: Kind.FILTERED,
    1039: Kind.BUSY,
    2013: Kind.INVALID,
}


def _joined(content: object) -> object:
    """Content may come in parts; those that are text are one text."""
    if not isinstance(content, list):
        return "" if content is None else content
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


_Text = Annotated[str, BeforeValidator(_joined)]


class _Message(Wire):
    content: _Text = ""
    reasoning_content: _Text = ""
    reasoning: _Text = ""
    refusal: _Text = ""


class _Choice(Wire):
    message: _Message | None = None
    text: _Text = ""
    finish_reason: str | None = None


class _Usage(Wire):
    prompt_tokens: TokenCount | None = None
    completion_tokens: TokenCount | None = None


class _MiniMaxStatus(Wire):
    status_code: int = 0
    status_msg: str = ""


class _Body(Wire):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    base_resp: _MiniMaxStatus | None = None


def request_body(
    ask: Ask, prompt: Prompt, endpoint: ModelEndpointSpec, preset: Preset
) -> dict[str, Any]:
    """The JSON of a request at the endpoint's path."""
    serving = endpoint.served
    chat = endpoint.served_path is ServedPath.CHAT
    body: dict[str, Any] = {
        "model": serving.model,
        **({"messages": messages(prompt)} if chat else {"prompt": prompt}),
        preset.max_tokens if chat else "max_tokens": ask.max_new_tokens,
        "stream": False,
    }
    if stops := ask.stop[: preset.max_stops]:
        body["stop"] = list(stops)
    if ask.min_new_tokens and preset.min_tokens is not None:
        body[preset.min_tokens] = ask.min_new_tokens
    if serving.send_sampling and preset.takes_sampling:
        body |= _sampling(ask, preset)
    if chat:
        body |= reasoning_fields(preset, serving.reasoning)
        if arguments := endpoint.chat_template.template_arguments:
            body["chat_template_kwargs"] = {**body.get("chat_template_kwargs", {}), **arguments}
    return body


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """The prompt as messages; plain text is the user's."""
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    return [{"role": message.role, "content": message.content} for message in prompt]


def _sampling(ask: Ask, preset: Preset) -> dict[str, Any]:
    body: dict[str, Any] = {"temperature": max(ask.temperature, preset.least_temperature)}
    if not ask.draws:
        return body
    if ask.top_p < 1:
        body["top_p"] = ask.top_p
    if ask.top_k and preset.top_k is not None:
        body[preset.top_k] = ask.top_k
    if preset.takes_seed:
        body["seed"] = ask.seed
    return body


def answer_of(body: dict[str, Any], ask: Ask, endpoint: ModelEndpointSpec) -> Answer:
    """The answer in a response; a Trouble for a response that holds none."""
    try:
        read = _Body.model_validate(body)
    except ValidationError as error:
        raise Trouble(Kind.BROKEN, f"an answer of another form: {_first(error)}") from None
    if read.base_resp is not None and read.base_resp.status_code:
        code = read.base_resp.status_code
        kind = _MINIMAX_TROUBLES.get(code, Kind.BROKEN)
        raise Trouble(kind, f"{code} {read.base_resp.status_msg}")
    if not read.choices:
        raise _without_choices(body)
    choice = read.choices[0]
    usage = read.usage or _Usage()
    tokens = (usage.prompt_tokens or 0, usage.completion_tokens or 0)
    finish = _finish(choice.finish_reason)
    if choice.message is None:
        cut, stopped = cut_at_stop(choice.text, ask.stop)
        return Answer(cut, "", *tokens, finish="stop" if stopped else finish)
    message = choice.message
    if message.refusal and not message.content:
        return Answer(message.refusal, "", *tokens, finish="content_filter")
    thought = message.reasoning_content or message.reasoning
    text, reasoning = told_apart(message.content, thought, endpoint.served.reasoning)
    cut, stopped = cut_at_stop(text, ask.stop)
    return Answer(cut, reasoning, *tokens, finish="stop" if stopped else finish)


def _without_choices(body: dict[str, Any]) -> Trouble:
    error = body.get("error")
    said = error.get("message") if isinstance(error, dict) else error
    words = said if isinstance(said, str) else f"an answer without choices (has: {sorted(body)})"
    return Trouble(Kind.BROKEN, words)


def _finish(reason: str | None) -> Finish:
    if reason in _FILTERED:
        return "content_filter"
    return "length" if reason in _CUT else "stop"


def _first(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
