"""XunFei Spark: the signature, and frames of recorded exchanges with made-up keys."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from unit.served.endpoints import endpoint

from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.spark_protocol import (
    VERSIONS,
    Version,
    answer_of,
    frame_of,
    request_frame,
    version_of,
)
from kompass_worker.backends.served.spark_signing import SparkKeys, signed_url
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.prompts.requests import Message

CHAT = (Message("system", "Be brief."), Message("user", "1+1?"))
ASK = Ask(CHAT, 8, stop=("\n",))


def test_the_signature_of_the_services_documentation() -> None:
    # The example of its page on authentication, with the keys that stand there.
    keys = SparkKeys("app", "addd2272b6d8b7c8abdd79531420ca3b", "MjlmNzkzNmZkMDQ2OTc0ZDdmNGE2ZTZi")
    url = signed_url(
        "wss://spark-api.xf-yun.com/v1.1/chat", keys, datetime(2023, 5, 5, 10, 43, 39, tzinfo=UTC)
    )
    query = parse_qs(urlsplit(url).query)
    assert query["host"] == ["spark-api.xf-yun.com"]
    assert query["date"] == ["Fri, 05 May 2023 10:43:39 GMT"]
    assert base64.b64decode(query["authorization"][0]).decode() == (
        'api_key="addd2272b6d8b7c8abdd79531420ca3b", algorithm="hmac-sha256", '
        'headers="host date request-line", '
        'signature="z5gHdu3pxVV4ADMyk467wOWDQ9q6BQzR3nfMTjc/DaQ="'
    )


def test_keys_do_not_show() -> None:
    assert "made-up" not in repr(SparkKeys("app", "made-up", "made-up"))


@pytest.mark.parametrize(
    ("serving", "expected"),
    [
        pytest.param({"model": "4.0Ultra"}, VERSIONS["4.0ultra"], id="by-name"),
        pytest.param({"model": "LITE"}, VERSIONS["lite"], id="in-any-case"),
        pytest.param({"model": "9.9"}, None, id="unknown"),
        pytest.param(
            {"model": "9.9", "url": "wss://x.example.com/v9/chat"},
            Version("wss://x.example.com/v9/chat", "9.9", takes_system=True),
            id="an-address-makes-it-known",
        ),
        pytest.param(
            {"model": "Pro", "url": "wss://x.example.com/v3.1/chat"},
            Version("wss://x.example.com/v3.1/chat", "generalv3"),
            id="a-known-one-elsewhere",
        ),
    ],
)
def test_versions(serving: dict[str, Any], expected: Version | None) -> None:
    assert version_of(endpoint("Spark", **serving).served) == expected


@pytest.mark.parametrize(
    ("version", "ask", "chat", "text"),
    [
        pytest.param(
            "4.0ultra",
            ASK,
            {"domain": "4.0Ultra", "max_tokens": 8, "temperature": 0.01, "top_k": 1},
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}],
            id="greedy",
        ),
        pytest.param(
            "lite",
            Ask(CHAT, 8, temperature=0.5, top_k=40),
            {"domain": "lite", "max_tokens": 8, "temperature": 0.5, "top_k": 6},
            [{"role": "user", "content": "Be brief.\n1+1?"}],
            id="without-a-system",
        ),
    ],
)
def test_requests(version: str, ask: Ask, chat: dict[str, Any], text: list[dict[str, str]]) -> None:
    serving = endpoint("Spark", model=version).served
    assert request_frame(ask, serving, VERSIONS[version], "app") == {
        "header": {"app_id": "app"},
        "parameter": {"chat": chat},
        "payload": {"message": {"text": text}},
    }


def frame(status: int, content: str, **payload: Any) -> str:
    choices = {"status": status, "seq": 0, "text": [{"content": content, "role": "assistant"}]}
    return json.dumps(
        {
            "header": {"code": 0, "message": "Success", "sid": "cht000", "status": status},
            "payload": {"choices": choices, **payload},
        }
    )


def usage(written: int) -> dict[str, Any]:
    return {"text": {"question_tokens": 4, "prompt_tokens": 9, "completion_tokens": written}}


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param(
            [frame(0, "It "), frame(1, "is"), frame(2, " 2", usage=usage(4))],
            Answer("It is 2", "", 9, 4, "stop"),
            id="in-pieces",
        ),
        pytest.param(
            [frame(2, "It is 2", usage=usage(8))], Answer("It is 2", "", 9, 8, "length"), id="full"
        ),
        pytest.param(
            [frame(2, "2\n3", usage=usage(8))], Answer("2", "", 9, 8, "stop"), id="stop-word"
        ),
        pytest.param([frame(2, "2")], Answer("2", "", 0, 0, "stop"), id="no-usage"),
    ],
)
def test_answers(frames: list[str], expected: Answer) -> None:
    read = [frame_of(one) for one in frames]
    assert read[-1].is_last
    assert answer_of(read, ASK, endpoint("Spark").served) == expected


def test_reasoning_has_a_field_of_its_own() -> None:
    thought = {"status": 0, "text": [{"content": "", "reasoning_content": "hm"}]}
    first = frame_of(json.dumps({"header": {"code": 0}, "payload": {"choices": thought}}))
    found = answer_of([first, frame_of(frame(2, "2"))], ASK, endpoint("Spark").served)
    assert (found.text, found.reasoning) == ("2", "hm")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param('{"header": {"code": 10013, "message": "x"}}', Kind.FILTERED, id="filter"),
        pytest.param('{"header": {"code": 10907, "message": "x"}}', Kind.TOO_LONG, id="too-long"),
        pytest.param('{"header": {"code": 11200, "message": "x"}}', Kind.DENIED, id="denied"),
        pytest.param('{"header": {"code": 11201, "message": "x"}}', Kind.UNPAID, id="used-up"),
        pytest.param('{"header": {"code": 11202, "message": "x"}}', Kind.BUSY, id="too-fast"),
        pytest.param('{"header": {"code": 99999, "message": "x"}}', Kind.BROKEN, id="new-code"),
        pytest.param("{}", Kind.BROKEN, id="no-header"),
        pytest.param("[", Kind.BROKEN, id="no-json"),
        pytest.param(b"\xff", Kind.BROKEN, id="no-text"),
        pytest.param(
            '{"header": {"code": 0}, "payload": {"choices": {"text": 3}}}', Kind.BROKEN, id="number"
        ),
    ],
)
def test_hostile_frames(message: str | bytes, kind: Kind) -> None:
    with pytest.raises(Trouble) as caught:
        frame_of(message)
    assert caught.value.kind is kind
