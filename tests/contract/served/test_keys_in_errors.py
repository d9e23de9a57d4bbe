"""Servers and proxies that repeat the key: in pages, in long bodies, in errors inside of a 200."""

from __future__ import annotations

import traceback

import pytest
from contract.served.servers import KEY, Reply, Request, backend, models, serving

from kompass_worker.errors import WorkerError
from kompass_worker.prompts.requests import Candidate, Group, Message, ScoringRequest
from kompass_worker.prompts.requests import GenerationRequest as Question

pytestmark = pytest.mark.timeout(60)

PAGE = f"<p>Authorization: Bearer {KEY}</p>".encode()


def reached(request: Request) -> Reply | None:
    """The list of models, or the one model, where that is asked for."""
    path = request.path.partition("?")[0]
    if path.endswith("/models"):
        return models("m")
    return Reply(body={"name": "models/m"}) if path.endswith("/models/m") else None


def words_of(name: str, reply: Reply) -> str:
    """What a run says where every question is answered so; a traceback says no more."""
    with serving(lambda request: reached(request) or reply) as server:
        held = backend(server.url, backend=name, retryDeadlineSeconds=0)
        with pytest.raises(WorkerError) as caught:
            list(held.answer([Group((Question("q/0", (Message("user", "why"),), 8),))]))
    assert KEY[:6] not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("name", ["OpenAI", "Anthropic", "Gemini"])
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(Reply(body=PAGE), "no JSON: <p>Authorization: Bearer [key]</p>", id="a-page"),
        pytest.param(Reply(502, b"x" * 290 + KEY.encode()), "xx[key];", id="across-the-cut"),
        pytest.param(
            Reply(400, {"error": {"message": "x" * 290 + KEY}}), "xx[key];", id="of-a-message"
        ),
        pytest.param(
            Reply(503, b"\n" * 65_530 + KEY.encode() * 9_000), "too busy", id="cut-while-read"
        ),
        pytest.param(
            Reply(302, b"", {"location": f"http://h/{KEY}"}), "to http://h/[key];", id="redirect"
        ),
    ],
)
def test_a_key_outside_of_an_answer(name: str, reply: Reply, words: str) -> None:
    assert words in words_of(name, reply)


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        pytest.param(
            "OpenAI",
            {"base_resp": {"status_code": 1004, "status_msg": f"bad {KEY}"}},
            "refuses the key: 1004 bad [key];",
            id="minimax",
        ),
        pytest.param(
            "OpenAI", {"error": {"message": "x" * 290 + KEY}}, "xx[key];", id="openai-error"
        ),
        pytest.param("OpenAI", {"error": f"bad {KEY}"}, "bad [key];", id="openai-words"),
        pytest.param("OpenAI", {KEY: 1}, "(has: ['[key]'])", id="openai-names"),
        pytest.param("OpenAI", {"choices": KEY}, "choices: Input should be", id="openai-form"),
        pytest.param("Anthropic", {"type": "error", KEY: 1}, "['[key]', 'type']", id="anthropic"),
        pytest.param("Gemini", {KEY: 1}, "['[key]']", id="gemini"),
        pytest.param("Gemini", {"candidates": KEY}, "['candidates']", id="gemini-form"),
    ],
)
def test_a_key_in_an_error_inside_of_an_answer(
    name: str, body: dict[str, object], words: str
) -> None:
    assert words in words_of(name, Reply(body=body))


def test_a_key_in_the_names_of_models() -> None:
    def missing(request: Request) -> Reply:
        return models(f"m-{KEY}") if request.path.endswith("/models") else Reply(404, b"no")

    with serving(missing) as server, pytest.raises(WorkerError) as caught:
        backend(server.url)
    assert "it serves m-[key]" in str(caught.value)


def test_a_key_in_what_is_said_to_likelihoods() -> None:
    request = ScoringRequest("q/0", (Candidate("A", "a text"),))
    refusal = Reply(400, {"error": {"message": f"no echo for {KEY}"}})
    with serving(lambda request: reached(request) or refusal) as server:
        held = backend(server.url, model_type="Base")
        with pytest.raises(WorkerError, match=r"echo: no echo for \[key\]; token") as caught:
            list(held.answer([Group((request,))]))
    assert KEY[:6] not in "".join(traceback.format_exception(caught.value))
