"""A served model, ready to be asked: its server reached, its name known there."""

from __future__ import annotations

import difflib
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import httpx2

from kompass_api.modelendpoint import Backend, ModelEndpointSpec
from kompass_api.results import Environment
from kompass_api.serving import ServedPath
from kompass_worker.backends.served import anthropic_client, gemini_client
from kompass_worker.backends.served.abilities import check_abilities
from kompass_worker.backends.served.anthropic_client import AnthropicClient
from kompass_worker.backends.served.asking import Asker, needs_likelihoods
from kompass_worker.backends.served.asks import Ask
from kompass_worker.backends.served.backend import ServedBackend
from kompass_worker.backends.served.clients import Client
from kompass_worker.backends.served.gemini_client import GeminiClient
from kompass_worker.backends.served.http import Http, Json
from kompass_worker.backends.served.likelihoods import Likelihoods, find_likelihoods
from kompass_worker.backends.served.limits import Bucket, Limiter, RealClock
from kompass_worker.backends.served.openai_client import OpenAIClient
from kompass_worker.backends.served.patience import Patience
from kompass_worker.backends.served.presets import preset_of
from kompass_worker.backends.served.redaction import Redactor
from kompass_worker.backends.served.retries import RetryPolicy
from kompass_worker.backends.served.spark_client import SparkClient
from kompass_worker.backends.served.spark_protocol import VERSIONS, version_of
from kompass_worker.backends.served.spark_signing import SparkKeys
from kompass_worker.backends.served.streams import streamed
from kompass_worker.backends.served.tokens import ESTIMATE, ChatTokenizer, estimate
from kompass_worker.backends.served.troubles import Kind, Trouble, error_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import Prompt, Request
from kompass_worker.sources.digests import tokenizer_digest

logger = logging.getLogger(__name__)

PACKAGES: Final = ("httpx2", "kompass", "websockets")
_CONNECT_SECONDS: Final = 30.0
_CHECK_PATIENCE_SECONDS: Final = 30.0
"""How long a server may be away when nothing is asked of it yet."""


@dataclass(frozen=True)
class Door:
    """How one server is reached."""

    name: str
    """The endpoint's own name, for messages."""
    endpoint: ModelEndpointSpec
    keys: tuple[str, ...]
    tokenizer: ChatTokenizer | None
    """The model's own, where a source names it."""

    @property
    def url(self) -> str:
        """The base URL without a slash at its end."""
        serving = self.endpoint.served
        match self.endpoint.backend:
            case Backend.ANTHROPIC:
                known: str | None = anthropic_client.URL
            case Backend.GEMINI:
                known = gemini_client.URL
            case Backend.SPARK:
                held = version_of(serving)
                known = held.url if held is not None else None
            case _:
                known = preset_of(serving).url
        return (serving.url or known or "").rstrip("/")

    @property
    def place(self) -> str:
        """Model and server, for messages."""
        return f"model {self.name!r}: {self.endpoint.served.model} at {self.url}"

    @property
    def redactor(self) -> Redactor:
        """Takes the keys out of what the server says."""
        return Redactor(self.keys)

    @asynccontextmanager
    async def http(self) -> AsyncIterator[Http]:
        """A connection pool that closes at the end."""
        serving = self.endpoint.served
        timeout = httpx2.Timeout(serving.timeout_seconds, connect=_CONNECT_SECONDS, pool=None)
        own = {header.name: header.value for header in serving.headers}
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=serving.concurrency)
        async with httpx2.AsyncClient(
            headers={**own, **self._key_headers()}, timeout=timeout, limits=limits
        ) as client:
            yield Http(client, self.url, serving.timeout_seconds)

    def client(self, http: Http) -> Client:
        """Speaks the provider's protocol."""
        serving = self.endpoint.served
        match self.endpoint.backend:
            case Backend.ANTHROPIC:
                return AnthropicClient(http, serving)
            case Backend.GEMINI:
                return GeminiClient(http, serving)
            case Backend.SPARK:
                held = version_of(serving)
                assert held is not None, "checked when the model was loaded"
                headers = tuple((one.name, one.value) for one in serving.headers)
                return SparkClient(serving, held, SparkKeys(*self.keys), headers)
            case _:
                return OpenAIClient(http, self.endpoint, preset_of(serving), self._rendered)

    def patience(self, deadline_seconds: float) -> Patience:
        """The endpoint's limits, and this deadline."""
        serving = self.endpoint.served
        requests, tokens = serving.requests_per_minute, serving.tokens_per_minute
        limiter = Limiter(
            RealClock(),
            Bucket(requests) if requests is not None else None,
            Bucket(tokens) if tokens is not None else None,
        )
        # Jitter, nothing that a result depends on.
        return Patience(limiter, RetryPolicy(deadline_seconds), random.random)

    def _key_headers(self) -> dict[str, str]:
        match self.endpoint.backend:
            case Backend.ANTHROPIC:
                return anthropic_client.headers(self.keys)
            case Backend.GEMINI:
                return gemini_client.headers(self.keys)
            case Backend.OPENAI if self.keys:
                return {"authorization": f"Bearer {self.keys[0]}"}
            case _:
                return {}

    @asynccontextmanager
    async def opened(self, requests: Sequence[Request]) -> AsyncIterator[Asker]:
        """Ready for these requests; refuses what the server cannot do before one is sent."""
        check_abilities(requests, self.endpoint, self.place)
        async with self.http() as http:
            patience = self.patience(self.endpoint.served.retry_deadline_seconds)
            likelihoods = None
            if any(map(needs_likelihoods, requests)):
                likelihoods = await self._likelihoods(http, patience)
            client = self.client(http)
            yield Asker(
                client, patience, self.endpoint, likelihoods, self._rendered, self.tokenizer
            )

    async def _likelihoods(self, http: Http, patience: Patience) -> Likelihoods:
        if self.endpoint.served_path is not ServedPath.COMPLETIONS:
            raise InvalidRequest(
                f"{self.place}: a benchmark compares how likely texts are, which chat answers do "
                "not say: use an endpoint with modelType Base (path Completions), or a benchmark "
                "with method Generation"
            )

        async def post(path: str, body: Json) -> Json:
            tokens = estimate(str(body.get("prompt", ""))) + 1
            return await patience.carry_out(lambda: http.post(path, body), tokens)

        found = await find_likelihoods(post, self.endpoint.served.model, self.url)
        if isinstance(found, list):
            echo, step = (trouble.told(self.redactor) for trouble in found)
            raise InvalidRequest(
                f"{self.place}: the server does not say how likely the tokens of a prompt are "
                f"(echo: {echo}; token by token: {step}): use one that does (vLLM, SGLang, "
                "llama.cpp), backend HuggingFace, or a benchmark with method Generation"
            )
        return found

    def _rendered(self, prompt: Prompt) -> str:
        if isinstance(prompt, str):
            return prompt
        if self.tokenizer is None:
            raise InvalidRequest(
                f"{self.place}: a chat is to be read as text, and only a tokenizer has "
                "its template: set source to the model's tokenizer"
            )
        return self.tokenizer.rendered(prompt)


def load_served(
    door: Door, *, tokenizer_folder: Path | None, image: str | None = None
) -> ServedBackend:
    """The model, its server reached; an error that says what is wrong with it otherwise."""
    try:
        # In a thread: a stop ends the wait for a server that is away.
        for _ in streamed(lambda _: check(door)):
            pass
    except Trouble as trouble:
        raise error_of(trouble, door.place, door.redactor) from trouble
    serving = door.endpoint.served
    return ServedBackend(
        opened=door.opened,
        concurrency=serving.concurrency,
        place=door.place,
        redactor=door.redactor,
        environment=Environment(
            model_digest=f"served:{serving.model}",
            tokenizer_digest=(
                tokenizer_digest(tokenizer_folder) if tokenizer_folder is not None else ESTIMATE
            ),
            device=f"served:{door.url}",
            dtype="unknown",
            packages={name: version(name) for name in PACKAGES},
            image=image,
        ),
    )


async def check(door: Door) -> None:
    """Reach the server and find the model: by its list, else by the shortest of questions."""
    serving = door.endpoint.served
    if door.endpoint.backend is Backend.SPARK and version_of(serving) is None:
        raise InvalidRequest(
            f"model {door.name!r}: Spark has no version {serving.model!r}: use one of "
            f"{', '.join(sorted(VERSIONS))}, or set serving.url to its address"
        )
    patience = door.patience(min(_CHECK_PATIENCE_SECONDS, serving.retry_deadline_seconds))
    async with door.http() as http:
        client = door.client(http)
        names = await _listed(client)
        if names is not None and serving.model in names:
            return
        try:
            await patience.carry_out(lambda: client.ask(Ask("Hi", max_new_tokens=16)))
        except Trouble as trouble:
            if trouble.kind is Kind.NO_MODEL and names:
                close = difflib.get_close_matches(serving.model, names, n=3, cutoff=0.4)
                raise error_of(
                    trouble, door.place, door.redactor, served=close or names[:5]
                ) from trouble
            if trouble.kind is not Kind.FILTERED:
                raise


async def _listed(client: Client) -> list[str] | None:
    """The server's models; None where it has no list, or one that does not work or open."""
    try:
        return await client.served_names()
    except Trouble as trouble:
        logger.info("no list of models", extra={"kind": trouble.kind.name})
        return None
