"""How a request to a server fails: whether asking again helps, and the words for a person. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from kompass_api.outcomes import FailureClass
from kompass_worker.backends.served.redaction import READ, Redactor
from kompass_worker.backends.served.retries import retry_after
from kompass_worker.errors import (
    AccessDenied,
    EndpointUnavailable,
    InputMissing,
    InvalidRequest,
    PromptTooLong,
    WorkerError,
)


class Kind(StrEnum):
    """What is wrong."""

    BUSY = "is too busy"
    BROKEN = "is broken"
    AWAY = "does not answer"
    DENIED = "refuses the key"
    UNPAID = "says that the account's quota is used up"
    NO_MODEL = "does not know the model"
    TOO_LONG = "finds the prompt too long"
    FILTERED = "refuses to answer"
    INVALID = "refuses the request"


PASSES: Final = frozenset({Kind.BUSY, Kind.BROKEN, Kind.AWAY})
"""What may be over when the server is asked again."""

_FILTER_MARKS: Final = (
    "content_filter",
    "content_policy",
    "data_inspection_failed",
    "datainspectionfailed",
    "sensitivecontentdetected",
    "responsibleaipolicyviolation",
    '"1301"',
)
_LENGTH_MARKS: Final = (
    "context_length_exceeded",
    "exceed_context_size",
    "context length",
    "context window",
    "prompt is too long",
    "too many tokens",
    "input length",
    "input token count",
    "maximum context",
)
_UNPAID_MARKS: Final = (
    "insufficient_quota",
    "insufficient balance",
    "exceeded_current_quota",
    "credit balance",
    "arrearage",
    "accountoverdue",
)
_NO_MODEL_MARKS: Final = ("model_not_found", "model not found", "modelnotfound", "model_not_exist")
_AGAIN: Final = frozenset({408, 409, 425, 429})
_PAYMENT_REQUIRED: Final = 402
_DENIED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_NOT_IMPLEMENTED: Final = 501
_SERVERS_FAULT: Final = 500
_TOO_MANY: Final = frozenset({429, 503, 529})


class Trouble(Exception):
    """One request failed. The server's words are as they came: only `told` shows them."""

    def __init__(
        self,
        kind: Kind,
        raw: str,
        *,
        status: int | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        # Without the words: this is what a traceback prints.
        super().__init__(str(kind))
        self.kind = kind
        self._raw = raw[: READ + 1]
        self.status = status
        self.wait_seconds = wait_seconds
        """What the server says to wait for."""

    def told(self, redactor: Redactor) -> str:
        """The words for people, without keys."""
        return redactor.words(self._raw)

    @property
    def passes(self) -> bool:
        """Whether asking again may help."""
        return self.kind in PASSES


def trouble_of_status(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float
) -> Trouble:
    """What an answer with an error's status means; `now` is the time of day, for dates."""
    text = body.decode("utf-8", "replace")
    kind = _kind_of(status, text.lower())
    return Trouble(kind, _message(text), status=status, wait_seconds=retry_after(headers, now))


def _kind_of(status: int, text: str) -> Kind:
    if status == _PAYMENT_REQUIRED or _has(text, _UNPAID_MARKS):
        return Kind.UNPAID
    if status in _DENIED:
        return Kind.FILTERED if _has(text, _FILTER_MARKS) else Kind.DENIED
    if status == _NOT_FOUND or _has(text, _NO_MODEL_MARKS):
        return Kind.NO_MODEL
    if status in _TOO_MANY:
        return Kind.BUSY
    if status in _AGAIN or (status >= _SERVERS_FAULT and status != _NOT_IMPLEMENTED):
        return Kind.BROKEN
    if _has(text, _FILTER_MARKS):
        return Kind.FILTERED
    return Kind.TOO_LONG if _has(text, _LENGTH_MARKS) else Kind.INVALID


def _has(text: str, marks: tuple[str, ...]) -> bool:
    return any(mark in text for mark in marks)


def _message(text: str) -> str:
    """The server's own words out of whatever form they come in."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(found, list) and found:
        found = found[0]
    for name in ("error", "message", "detail", "msg"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    return found if isinstance(found, str) else text


def error_of(
    trouble: Trouble,
    place: str,
    redactor: Redactor,
    *,
    item: str | None = None,
    served: Sequence[str] = (),
) -> WorkerError:
    """The end that a trouble means; `place` names model and server, `served` models it has."""
    status = f" ({trouble.status})" if trouble.status is not None else ""
    what = f"item {item}: " if item is not None else ""
    said = f"{what}{place} {trouble.kind}{status}: {trouble.told(redactor) or '(no words)'}"
    if served:
        said += f"; it serves {redactor.words(', '.join(served))}"
    match trouble.kind:
        case Kind.DENIED:
            return AccessDenied(
                f"{said}; check the key in serving.apiKeySecretRef, and what it may use",
                failure=FailureClass.MODEL_ACCESS_DENIED,
                item=item,
            )
        case Kind.UNPAID:
            return AccessDenied(
                f"{said}; raise the quota, or use another key",
                failure=FailureClass.MODEL_ACCESS_DENIED,
                item=item,
            )
        case Kind.NO_MODEL:
            return InputMissing(
                f"{said}; check serving.model and serving.url",
                failure=FailureClass.MODEL_MISSING,
                item=item,
            )
        case Kind.TOO_LONG:
            return PromptTooLong(
                f"{said}; set source to the model's tokenizer (and maxSequenceLength), so that "
                "examples which do not fit are left out, or leave the row out",
                item=item,
            )
        case Kind.FILTERED | Kind.INVALID:
            return InvalidRequest(
                f"{said}; the server does not take what this run asks for: see docs/endpoints.md, "
                "sendSampling and provider",
                item=item,
            )
        case Kind.BUSY | Kind.BROKEN | Kind.AWAY:
            return EndpointUnavailable(
                f"{said}; what was answered is kept, and another attempt goes on there", item=item
            )
