"""How likely a server finds a text, token by token.

Two ways. A server that repeats the prompt (`echo`) says it for the whole text in one request: vLLM,
SGLang and whatever has kept OpenAI's old completions. llama.cpp's server repeats nothing,
but says how likely the token is that it writes; with a bias it writes the one that is wanted, and
the likelihood it names is that from before the bias. That takes a request for each token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from pydantic import ValidationError

from kompass_worker.backends.served.clients import TokenCount, Wire
from kompass_worker.backends.served.http import Json
from kompass_worker.backends.served.troubles import Kind, Trouble

_PATH: Final = "/completions"
_PROBE: Final = "One, two, three"
_BIAS: Final = 100
_KEPT_STEPS: Final = 8192
_FATAL: Final = frozenset({Kind.DENIED, Kind.UNPAID})
_TIES: Final = 1e-6
"""Nats: a token this close to the likeliest one may be it, after rounding."""

Post = Callable[[str, Json], Awaitable[Json]]
"""Sends JSON to a path, or to a URL, as often as that may help."""


class Spelled(NamedTuple):
    """A text in the server's tokens."""

    nlls: tuple[float, ...]
    """Negative log-likelihoods, in nats, of every token but the first."""
    context: int
    """Tokens of the context at its beginning."""
    greedy: tuple[bool, ...]
    """Whether each token but the first is the one that the model would have written."""

    @property
    def tokens(self) -> int:
        """All tokens of the text."""
        return len(self.nlls) + 1

    @property
    def continuation(self) -> tuple[float, ...]:
        """The likelihoods of the tokens behind the context."""
        return self.nlls[max(0, self.context - 1) :]

    @property
    def is_greedy(self) -> bool:
        """Whether the model would have written the continuation of itself."""
        return all(self.greedy[max(0, self.context - 1) :])


class Likelihoods(Protocol):
    """A server that says how likely texts are."""

    async def of(self, text: str, context: str = "") -> Spelled:
        """The text, which begins with the context, token by token."""
        ...


class _EchoLogprobs(Wire):
    tokens: list[str | None]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float | None] | None] | None = None
    text_offset: list[int] | None = None


class _EchoChoice(Wire):
    logprobs: _EchoLogprobs


class _Usage(Wire):
    prompt_tokens: TokenCount


class _EchoBody(Wire):
    choices: list[_EchoChoice]
    usage: _Usage


class _Step(Wire):
    id: int
    logprob: float
    top_logprobs: tuple[_Step, ...] = ()


class _StepLogprobs(Wire):
    content: list[_Step]


class _StepChoice(Wire):
    logprobs: _StepLogprobs


class _StepBody(Wire):
    choices: list[_StepChoice]


class _TokenizeBody(Wire):
    tokens: list[int]


@dataclass(frozen=True)
class EchoedLikelihoods:
    """The whole text in one request."""

    post: Post
    model: str

    async def of(self, text: str, context: str = "") -> Spelled:
        """The text, token by token."""
        body = await self._asked(text)
        choice = body.choices[0].logprobs
        count = body.usage.prompt_tokens
        found = choice.token_logprobs[1:count]
        if len(choice.token_logprobs) < count or any(value is None for value in found):
            raise Trouble(Kind.INVALID, "echo without the likelihoods of the prompt's tokens")
        nlls = tuple(-value for value in found if value is not None)
        tops = (choice.top_logprobs or [])[1:count]
        greedy = tuple(
            nll <= _least(top) + _TIES for nll, top in zip_longest(nlls, tops[: len(nlls)])
        )
        return Spelled(nlls, await self._context_tokens(choice, count, context), greedy)

    async def _context_tokens(self, held: _EchoLogprobs, count: int, context: str) -> int:
        if not context:
            return 0
        offsets = (held.text_offset or [])[:count]
        if len(offsets) == count and offsets == sorted(offsets) and offsets[-1] > 0:
            return sum(offset < len(context) for offset in offsets)
        # SGLang names no offsets.
        return (await self._asked(context)).usage.prompt_tokens

    async def _asked(self, text: str) -> _EchoBody:
        found = await self.post(
            _PATH,
            {
                "model": self.model,
                "prompt": text,
                "echo": True,
                "logprobs": 1,
                # Some servers refuse 0; the token beyond the prompt is not looked at.
                "max_tokens": 1,
                "temperature": 0,
            },
        )
        try:
            body = _EchoBody.model_validate(found)
        except ValidationError as error:
            raise _not_given(error) from None
        if not body.choices:
            raise Trouble(Kind.BROKEN, "an answer without choices")
        return body


@dataclass(frozen=True)
class SteppedLikelihoods:
    """A request for each token, at llama.cpp's server."""

    post: Post
    model: str
    url: str
    """The base URL; tokenizing has an address beside it."""
    _known: dict[tuple[int, ...], _Step] = field(default_factory=dict)
    """The last steps: the labels of a question share all tokens but their last."""

    async def of(self, text: str, context: str = "") -> Spelled:
        """The text, token by token."""
        ids = await self._ids(text)
        before = len(await self._ids(context)) if context else 0
        steps = [await self._kept_step(tuple(ids[:end])) for end in range(2, len(ids) + 1)]
        return Spelled(
            nlls=tuple(-step.logprob for step in steps),
            context=before,
            greedy=tuple(
                step.logprob >= max((top.logprob for top in step.top_logprobs), default=0) - _TIES
                for step in steps
            ),
        )

    async def _ids(self, text: str) -> list[int]:
        parts = urlsplit(self.url)
        url = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/v1')}/tokenize"
        found = await self.post(url, {"content": text, "add_special": True})
        try:
            ids = _TokenizeBody.model_validate(found).tokens
        except ValidationError as error:
            raise _not_given(error) from None
        if not ids:
            raise Trouble(Kind.INVALID, "a text without tokens")
        return ids

    async def _kept_step(self, ids: tuple[int, ...]) -> _Step:
        if ids not in self._known:
            if len(self._known) >= _KEPT_STEPS:
                self._known.clear()
            self._known[ids] = await self._step(ids[:-1], ids[-1])
        return self._known[ids]

    async def _step(self, before: tuple[int, ...], wanted: int) -> _Step:
        found = await self.post(
            _PATH,
            {
                "model": self.model,
                "prompt": list(before),
                "logprobs": 1,
                "max_tokens": 1,
                "temperature": 0,
                "logit_bias": [[wanted, _BIAS]],
            },
        )
        try:
            step = _StepBody.model_validate(found).choices[0].logprobs.content[0]
        except (ValidationError, IndexError) as error:
            raise _not_given(error) from None
        if step.id != wanted:
            raise Trouble(Kind.INVALID, "logit_bias does not make the server write a token")
        return step


def _least(top: dict[str, float | None] | None) -> float:
    """The number of the likeliest token; one that nothing reaches, where it is not said."""
    return min((-value for value in (top or {}).values() if value is not None), default=-1.0)


def _not_given(error: Exception) -> Trouble:
    return Trouble(Kind.INVALID, f"no likelihoods of the prompt's tokens ({type(error).__name__})")


async def find_likelihoods(post: Post, model: str, url: str) -> Likelihoods | list[Trouble]:
    """The way this server says how likely texts are, tried out; else what it said to each."""
    said = []
    for way in (EchoedLikelihoods(post, model), SteppedLikelihoods(post, model, url)):
        try:
            spelled = await way.of(_PROBE)
        except Trouble as trouble:
            if trouble.passes or trouble.kind in _FATAL:
                raise
            said.append(trouble)
            continue
        if spelled.nlls:
            return way
        said.append(Trouble(Kind.INVALID, "no likelihoods of the prompt's tokens"))
    return said
