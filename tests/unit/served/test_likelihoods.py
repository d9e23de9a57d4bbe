"""How likely servers find texts: echoed whole, or token by token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kompass_worker.backends.served.http import Json
from kompass_worker.backends.served.likelihoods import (
    EchoedLikelihoods,
    SteppedLikelihoods,
    find_likelihoods,
)
from kompass_worker.backends.served.redaction import Redactor
from kompass_worker.backends.served.troubles import Kind, Trouble

URL = "http://llama:8080/v1"
WORDS = ["The", " cat", " sat", " down"]
NLLS = {" cat": 1.5, " sat": 2.5, " down": 0.25}


def words_of(text: str) -> list[str]:
    """Other texts have two words as well."""
    return [word for word in WORDS if word in text] or WORDS[:2]


def echo(offsets: list[int] | None) -> Callable[[str, Json], Awaitable[Json]]:
    """A server that repeats the prompt and writes one token more."""

    async def post(path: str, body: Json) -> Json:
        assert path == "/completions"
        assert body["echo"] is True
        words = words_of(body["prompt"])
        logprobs: dict[str, Any] = {
            "tokens": [*words, "!"],
            "token_logprobs": [None, *(-NLLS[word] for word in words[1:]), -9.0],
            "top_logprobs": [None, *({" x": -2.0} for _ in words[1:]), {"!": -9.0}],
        }
        if offsets is not None:
            logprobs["text_offset"] = [*offsets[: len(words)], 99]
        return {"choices": [{"logprobs": logprobs}], "usage": {"prompt_tokens": len(words)}}

    return post


def llama_cpp(*, heeds_bias: bool = True) -> Callable[[str, Json], Awaitable[Json]]:
    """A server that repeats nothing and writes the token that a bias wants."""
    asked: list[Json] = []

    async def post(path: str, body: Json) -> Json:
        asked.append(body)
        if path == "http://llama:8080/tokenize":
            return {"tokens": [WORDS.index(word) for word in words_of(body["content"])]}
        if body.get("echo"):
            return {"choices": [{"logprobs": {"content": [{"id": 9, "logprob": -1}]}}]}
        wanted = body["logit_bias"][0][0] if heeds_bias else 7
        step = {
            "id": wanted,
            "logprob": -NLLS.get(WORDS[wanted] if wanted < len(WORDS) else "", 1.0),
            "top_logprobs": [{"id": 7, "logprob": -1.0}],
        }
        return {"choices": [{"logprobs": {"content": [step]}}]}

    post.asked = asked  # type: ignore[attr-defined]
    return post


@pytest.mark.parametrize(
    "offsets",
    [
        pytest.param([0, 3, 7, 11], id="offsets"),
        pytest.param(None, id="no-offsets"),
        pytest.param([-1, -1, -1, -1], id="offsets-that-say-nothing"),
    ],
)
async def test_an_echo_gives_the_whole_text(offsets: list[int] | None) -> None:
    found = await EchoedLikelihoods(echo(offsets), "m").of("The cat sat down", "The cat")
    assert found.nlls == (1.5, 2.5, 0.25)
    assert (found.tokens, found.context) == (4, 2)
    assert found.continuation == (2.5, 0.25)
    assert found.greedy == (True, False, True)


async def test_token_by_token_gives_the_same() -> None:
    found = await SteppedLikelihoods(llama_cpp(), "m", URL).of("The cat sat down", "The cat")
    assert found.nlls == (1.5, 2.5, 0.25)
    assert found.continuation == (2.5, 0.25)
    assert found.greedy == (False, False, True)


async def test_a_shared_beginning_is_asked_once() -> None:
    post = llama_cpp()
    way = SteppedLikelihoods(post, "m", URL)
    await way.of("The cat sat")
    await way.of("The cat sat down")
    steps = [one for one in post.asked if "logit_bias" in one]  # type: ignore[attr-defined]
    assert len(steps) == 3


@pytest.mark.parametrize(
    ("post", "way"),
    [
        pytest.param(echo([0, 3, 7, 11]), EchoedLikelihoods, id="echo"),
        pytest.param(llama_cpp(), SteppedLikelihoods, id="steps"),
    ],
)
async def test_the_way_is_found(
    post: Callable[[str, Json], Awaitable[Json]],
    way: type,
) -> None:
    assert isinstance(await find_likelihoods(post, "m", URL), way)


async def test_an_echo_of_nothing_gives_none() -> None:
    async def post(path: str, body: Json) -> Json:
        logprobs: Json = {"tokens": ["x"], "token_logprobs": [-1.0]}
        return {"choices": [{"logprobs": logprobs}], "usage": {"prompt_tokens": 0}}

    found = await find_likelihoods(post, "m", URL)
    assert isinstance(found, list)
    assert found[0].told(Redactor(())) == "no likelihoods of the prompt's tokens"


async def test_a_server_that_heeds_no_bias_gives_none() -> None:
    found = await find_likelihoods(llama_cpp(heeds_bias=False), "m", URL)
    assert isinstance(found, list)
    assert found[1].told(Redactor(())) == "logit_bias does not make the server write a token"


@pytest.mark.parametrize("kind", [Kind.DENIED, Kind.AWAY])
async def test_a_server_that_cannot_be_asked_is_no_server_without_likelihoods(kind: Kind) -> None:
    async def post(path: str, body: Json) -> Json:
        raise Trouble(kind, "no")

    with pytest.raises(Trouble):
        await find_likelihoods(post, "m", URL)
