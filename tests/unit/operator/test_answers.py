"""What the API server's answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kompass_operator.cluster import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Denied,
    Invalid,
    NamespaceEnds,
    NotFound,
    QuotaExceeded,
    Unavailable,
    WebhookDown,
)
from kompass_operator.cluster_api import error_of


def status(message: str = "", reason: str = "", **details: Any) -> bytes:
    return json.dumps({"message": message, "reason": reason, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "content", "kind"),
    [
        pytest.param(400, status("bad"), Invalid, id="bad-request"),
        pytest.param(401, status("who?"), Unavailable, id="token-has-expired"),
        pytest.param(403, status("no right"), Denied, id="no-right"),
        pytest.param(403, status("exceeded quota: jobs"), QuotaExceeded, id="quota"),
        pytest.param(
            403,
            status("no", causes=[{"reason": "NamespaceTerminating"}]),
            NamespaceEnds,
            id="namespace-ends",
        ),
        pytest.param(
            403, status('pods "x" is forbidden: maximum memory usage'), Invalid, id="limit-range"
        ),
        pytest.param(404, status(), NotFound, id="not-found"),
        pytest.param(409, status(reason="AlreadyExists"), AlreadyExists, id="name-is-taken"),
        pytest.param(409, status(reason="Conflict"), Conflict, id="changed-meanwhile"),
        pytest.param(422, status(), Invalid, id="invalid"),
        pytest.param(429, status(), Unavailable, id="too-many-requests"),
        pytest.param(500, status("failed calling webhook"), WebhookDown, id="webhook-is-down"),
        pytest.param(503, b"<html>", Unavailable, id="a-proxy-answers"),
    ],
)
def test_answer_is_told_from_others(code: int, content: bytes, kind: type[ClusterError]) -> None:
    assert type(error_of(code, content, "POST /x")) is kind


@pytest.mark.parametrize(
    ("code", "later", "seconds"),
    [
        pytest.param(429, "7", 7, id="too-many-requests"),
        pytest.param(503, "", 0, id="nothing-is-said"),
        pytest.param(503, "Fri, 31 Dec 2026 23:59:59 GMT", 0, id="a-date-is-for-people"),
    ],
)
def test_server_says_when_to_come_back(code: int, later: str, seconds: float) -> None:
    error = error_of(code, status(), "POST /x", later=later)
    assert isinstance(error, Unavailable)
    assert error.later_seconds == seconds


def test_error_says_request_code_and_the_servers_words() -> None:
    assert str(error_of(404, status("jobs x not found"), "GET /x")) == (
        "GET /x: 404 jobs x not found"
    )
