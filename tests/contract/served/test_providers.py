"""Providers with protocols of their own, over a real connection: paths, keys, signatures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from contract.served.servers import KEY, Reply, Request, door, models, serving
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request as Handshake
from websockets.http11 import Response

from kompass_api.results import Prediction
from kompass_worker.backends.served.loading import Door, load_served
from kompass_worker.errors import AccessDenied, EndpointUnavailable, InvalidRequest, WorkerError
from kompass_worker.prompts.requests import GenerationRequest, Group, Message

pytestmark = pytest.mark.timeout(60)

QUESTION = GenerationRequest("q/0", (Message("user", "1+1?"),), 8)
SPARK_KEYS = ("app-made-up", KEY, "made-up-secret")


def answered(held: Door) -> Prediction:
    [found] = load_served(held, tokenizer_folder=None).answer([Group((QUESTION,))])
    return found


def anthropic(request: Request) -> Reply:
    assert request.headers["x-api-key"] == KEY
    assert "authorization" not in request.headers
    if request.path == "/v1/models?limit=1000":
        return models("m")
    assert request.path == "/v1/messages"
    text = {"type": "text", "text": request.question.upper()}
    usage = {"input_tokens": 7, "output_tokens": 3}
    return Reply(body={"content": [text], "stop_reason": "end_turn", "usage": usage})


def gemini(request: Request) -> Reply:
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in request.path
    if request.path == "/v1/models/m":
        return Reply(body={"name": "models/m"})
    assert request.path == "/v1/models/m:generateContent"
    text = request.body["contents"][-1]["parts"][0]["text"].upper()
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 3}
    return Reply(body={"candidates": [candidate], "usageMetadata": usage})


@pytest.mark.parametrize(
    ("backend", "behaviour"),
    [
        pytest.param("Anthropic", anthropic, id="anthropic"),
        pytest.param("Gemini", gemini, id="gemini"),
    ],
)
def test_an_exchange(backend: str, behaviour: Callable[[Request], Reply]) -> None:
    with serving(behaviour) as server:
        found = answered(door(server.url, backend=backend))
    assert found.prediction == "1+1?"
    assert (found.tokens_in, found.tokens_out, found.finish_reason) == (7, 3, "stop")


Turn = Callable[[dict[str, Any]], list[dict[str, Any] | str]]
Greets = Callable[[ServerConnection, Handshake], Response | None]


def is_signed(path: str) -> bool:
    """Whether the service would open: its own reading of the address, written from its page."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    text = f"host: {query['host']}\ndate: {query['date']}\nGET {parts.path} HTTP/1.1"
    digest = hmac.digest(SPARK_KEYS[2].encode(), text.encode(), hashlib.sha256)
    authorization = base64.b64decode(query["authorization"]).decode()
    return (
        f'api_key="{KEY}"' in authorization
        and f'signature="{base64.b64encode(digest).decode()}"' in authorization
    )


def opens(connection: ServerConnection, request: Handshake) -> Response | None:
    if is_signed(request.path):
        return None
    return connection.respond(http.HTTPStatus.UNAUTHORIZED, '{"message": "HMAC signature"}')


@contextmanager
def spark(turn: Turn, greets: Greets = opens) -> Iterator[str]:
    """Spark's side of the protocol, on loopback; each frame or text of the turn is sent."""
    loop = asyncio.new_event_loop()
    address: list[int] = []
    ready = threading.Event()
    over = asyncio.Event()

    async def talk(connection: ServerConnection) -> None:
        for frame in turn(json.loads(await connection.recv())):
            await connection.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def run() -> None:
        async with serve(talk, "127.0.0.1", 0, process_request=greets) as server:
            address.append(next(iter(server.sockets)).getsockname()[1])
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield f"ws://127.0.0.1:{address[0]}/v4.0/chat"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def frame(status: int, text: str, **payload: Any) -> dict[str, Any]:
    choices = {"status": status, "seq": status, "text": [{"content": text}]}
    return {
        "header": {"code": 0, "message": "Success", "sid": "cht000"},
        "payload": {"choices": choices, **payload},
    }


def failed(code: int) -> list[dict[str, Any] | str]:
    return [{"header": {"code": code, "message": f"error {code}"}}]


def in_two_frames(asked: dict[str, Any]) -> list[dict[str, Any] | str]:
    assert asked["header"]["app_id"] == SPARK_KEYS[0]
    text = asked["payload"]["message"]["text"][-1]["content"]
    usage = {"text": {"prompt_tokens": 7, "completion_tokens": 3}}
    return [frame(0, text), frame(2, "!", usage=usage)]


def spark_door(url: str, keys: tuple[str, ...] = SPARK_KEYS, **settings: Any) -> Door:
    return door(url, backend="Spark", keys=keys, model="4.0Ultra", **settings)


def test_spark_answers_a_signed_question() -> None:
    with spark(in_two_frames) as url:
        found = answered(spark_door(url))
    assert found.prediction == "1+1?!"
    assert (found.tokens_in, found.tokens_out, found.finish_reason) == (7, 3, "stop")


def test_spark_refuses_another_signature_and_no_key_is_repeated() -> None:
    with spark(in_two_frames) as url, pytest.raises(AccessDenied) as caught:
        answered(spark_door(url, keys=("app", KEY, "another-secret")))
    assert "refuses the key (401): HMAC signature" in str(caught.value)
    assert all(secret not in str(caught.value) for secret in (KEY, "another-secret", "signature="))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(
            {"header": {"code": 11200, "message": "x" * 285 + KEY}}, "xx[key];", id="across-the-cut"
        ),
        pytest.param({"header": {"code": KEY}}, "header.code: Input should be", id="a-form"),
        pytest.param(f"<p>api_key={KEY}</p>", "a frame of another form", id="a-page"),
    ],
)
def test_a_key_that_spark_repeats(said: dict[str, Any] | str, words: str) -> None:
    with spark(lambda _: [said]) as url, pytest.raises(WorkerError) as caught:
        answered(spark_door(url, retryDeadlineSeconds=0))
    assert words in str(caught.value)
    assert KEY[:6] not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("turns", "prediction", "finish"),
    [
        pytest.param([failed(11202)], "1+1?!", "stop", id="too-fast"),
        pytest.param([["no json"]], "1+1?!", "stop", id="garbage"),
        pytest.param([[frame(0, "half")]], "1+1?!", "stop", id="closed-in-the-middle"),
        pytest.param([failed(10013)], "", "content_filter", id="filtered"),
    ],
)
def test_spark_in_trouble(
    turns: list[list[dict[str, Any] | str]], prediction: str, finish: str
) -> None:
    # The first question is the one that reaches the server.
    left = [in_two_frames, *[lambda _, turn=turn: turn for turn in turns]]

    def turn(asked: dict[str, Any]) -> list[dict[str, Any] | str]:
        return (left.pop(0) if left else in_two_frames)(asked)

    with spark(turn) as url:
        found = answered(spark_door(url))
    assert (found.prediction, found.finish_reason) == (prediction, finish)


def test_spark_is_not_followed_elsewhere() -> None:
    asked: list[str] = []

    def elsewhere(connection: ServerConnection, request: Handshake) -> Response:
        asked.append(urlsplit(request.path).path)
        found = connection.respond(http.HTTPStatus.FOUND, "")
        found.headers["Location"] = "/elsewhere"
        return found

    refused = pytest.raises(InvalidRequest, match=r"refuses the request \(302\)")
    with spark(in_two_frames, elsewhere) as url, refused:
        answered(spark_door(url))
    assert asked == ["/v4.0/chat"]


def test_spark_is_away() -> None:
    with spark(in_two_frames) as url:
        pass
    with pytest.raises(EndpointUnavailable, match="ConnectionRefusedError on the way"):
        answered(spark_door(url, retryDeadlineSeconds=1))


def test_a_version_that_spark_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidRequest, match=r"no version '9\.9': use one of 4\.0ultra, lite"):
        answered(door(None, backend="Spark", keys=SPARK_KEYS, model="9.9"))
