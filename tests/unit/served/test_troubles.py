"""What a server's error means, and the words for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from kompass_api.outcomes import ExitCode, FailureClass
from kompass_worker.backends.served.redaction import Redactor
from kompass_worker.backends.served.troubles import Kind, Trouble, error_of, trouble_of_status

KEY = "sk-made-up-0123456789"


def of(status: int, body: object, headers: Mapping[str, str] | None = None) -> Trouble:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return trouble_of_status(status, headers or {}, content, now=0)


def openai_error(message: str, code: str = "") -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(401, openai_error("Incorrect API key"), Kind.DENIED, id="no-key"),
        pytest.param(403, openai_error("not allowed"), Kind.DENIED, id="forbidden"),
        pytest.param(402, openai_error("Insufficient Balance"), Kind.UNPAID, id="unpaid"),
        pytest.param(
            429, openai_error("quota", "insufficient_quota"), Kind.UNPAID, id="quota-used-up"
        ),
        pytest.param(429, openai_error("slow down"), Kind.BUSY, id="too-many"),
        pytest.param(
            529,
            {"type": "error", "error": {"type": "overloaded_error"}},
            Kind.BUSY,
            id="overloaded",
        ),
        pytest.param(503, b"<html>unavailable</html>", Kind.BUSY, id="gateway"),
        pytest.param(500, b"", Kind.BROKEN, id="broken"),
        pytest.param(408, b"", Kind.BROKEN, id="request-timeout"),
        pytest.param(404, openai_error("The model `x` does not exist"), Kind.NO_MODEL, id="name"),
        pytest.param(
            400, openai_error("Model not found", "model_not_found"), Kind.NO_MODEL, id="400-name"
        ),
        pytest.param(
            400,
            openai_error("This model's maximum context length is 4096 tokens"),
            Kind.TOO_LONG,
            id="too-long",
        ),
        pytest.param(
            400,
            {"error": {"type": "exceed_context_size_error", "message": "5001 tokens"}},
            Kind.TOO_LONG,
            id="too-long-for-llama-cpp",
        ),
        pytest.param(
            400,
            {"error": {"message": "prompt is too long: 250000 tokens > 200000 maximum"}},
            Kind.TOO_LONG,
            id="too-long-for-anthropic",
        ),
        pytest.param(
            400, openai_error("filtered", "content_filter"), Kind.FILTERED, id="azure-filter"
        ),
        pytest.param(
            400,
            openai_error("bad input", "data_inspection_failed"),
            Kind.FILTERED,
            id="qwen-filter",
        ),
        pytest.param(
            400, {"error": {"code": "1301", "message": "敏感"}}, Kind.FILTERED, id="zhipu-filter"
        ),
        pytest.param(400, openai_error("temperature"), Kind.INVALID, id="bad-request"),
        pytest.param(422, {"detail": [{"msg": "no"}]}, Kind.INVALID, id="unprocessable"),
        pytest.param(501, b"", Kind.INVALID, id="not-implemented"),
    ],
)
def test_kinds(status: int, body: object, kind: Kind) -> None:
    assert of(status, body).kind is kind


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(openai_error("no such thing"), "no such thing", id="openai"),
        pytest.param({"error": "no such thing"}, "no such thing", id="ollama"),
        pytest.param({"message": "no such thing"}, "no such thing", id="message"),
        pytest.param({"detail": "no such thing"}, "no such thing", id="fastapi"),
        pytest.param([{"error": {"message": "no such thing"}}], "no such thing", id="gemini-list"),
        pytest.param(b"a\x1b[31m\nb\x00c", r"a\x1b[31m b\x00c", id="control-characters"),
        pytest.param(b"[" * 100_000, "[" * 300 + "...", id="deep-and-long"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", id="no-text"),
    ],
)
def test_words_of_the_server(body: object, words: str) -> None:
    assert of(400, body).told(Redactor(())) == words


@pytest.mark.parametrize(
    ("kind", "code", "failure", "advice"),
    [
        pytest.param(
            Kind.DENIED, 77, FailureClass.MODEL_ACCESS_DENIED, "apiKeySecretRef", id="denied"
        ),
        pytest.param(Kind.UNPAID, 77, FailureClass.MODEL_ACCESS_DENIED, "quota", id="unpaid"),
        pytest.param(Kind.NO_MODEL, 66, FailureClass.MODEL_MISSING, "serving.model", id="no-model"),
        pytest.param(Kind.TOO_LONG, 65, FailureClass.PROMPT_TOO_LONG, "source", id="too-long"),
        pytest.param(Kind.INVALID, 64, FailureClass.INVALID_REQUEST, "sendSampling", id="invalid"),
        pytest.param(Kind.BUSY, 69, FailureClass.ENDPOINT_UNAVAILABLE, "kept", id="busy"),
        pytest.param(Kind.BROKEN, 69, FailureClass.ENDPOINT_UNAVAILABLE, "kept", id="broken"),
        pytest.param(Kind.AWAY, 69, FailureClass.ENDPOINT_UNAVAILABLE, "kept", id="away"),
    ],
)
def test_ends(kind: Kind, code: int, failure: FailureClass, advice: str) -> None:
    trouble = Trouble(kind, "because", status=418)
    error = error_of(trouble, "model 'm': x at http://y", Redactor(()), item="b/s/1")
    assert error.exit_code is ExitCode(code)
    assert error.failure is failure
    assert error.item == "b/s/1"
    assert str(error).startswith("item b/s/1: model 'm': x at http://y ")
    assert "(418): because" in str(error)
    assert advice in str(error)


def test_the_models_that_are_served_are_named() -> None:
    error = error_of(Trouble(Kind.NO_MODEL, "no"), "m at y", Redactor((KEY,)), served=["a", KEY])
    assert ": no; it serves a, [key]; check serving.model" in str(error)


@pytest.mark.parametrize("filler", ["x", "\n", "<"])
@pytest.mark.parametrize("place", [0, 290, 65_530, 262_140])
def test_a_key_anywhere_in_a_body_is_not_repeated(place: int, filler: str) -> None:
    said = of(500, f"{filler * place}{KEY}{filler * 9}".encode()).told(Redactor((KEY,)))
    assert KEY[:3] not in said


def test_words_that_nobody_has_cleaned_are_in_no_traceback() -> None:
    trouble = Trouble(Kind.DENIED, f"wrong key {KEY}")
    assert KEY not in f"{trouble} {trouble!r}"
