"""The HTTP session of kopf's watches, with ears: each request is counted and dated."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import aiohttp
import kopf

from kompass_operator.freshness import Freshness
from kompass_operator.metrics import Metrics
from kompass_operator.requests import RequestKind, kind_of


def heard_session(
    info: kopf.ConnectionInfo, metrics: Metrics, freshness: Freshness
) -> kopf.AiohttpSession:
    """A session as kopf would make it, whose requests `metrics` and `freshness` hear of."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
        headers=info.as_http_headers(),
        proxy=info.proxy_url,
        trust_env=info.trust_env,
        trace_configs=[_ears(metrics, freshness)],
    )
    return kopf.AiohttpSession(server=info.server, aiohttp_session=session)


def _ears(metrics: Metrics, freshness: Freshness) -> aiohttp.TraceConfig:
    async def starts(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        asked: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.began = time.monotonic()
        kind = _kind(asked)
        if kind.verb in ("list", "watch"):
            freshness.tried(kind.resource, kind.namespace)

    async def ends(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        answer: aiohttp.TraceRequestEndParams,
    ) -> None:
        kind, status = _kind(answer), answer.response.status
        took = time.monotonic() - context.began
        metrics.requested(kind.verb, kind.resource, str(status), took)
        if kind.verb in ("list", "watch") and status < 400:  # noqa: PLR2004  (HTTP)
            freshness.answered(kind.resource, kind.namespace)

    async def fails(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        trouble: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        kind = _kind(trouble)
        took = time.monotonic() - context.began
        metrics.requested(kind.verb, kind.resource, "error", took)

    ears = aiohttp.TraceConfig()
    ears.on_request_start.append(starts)
    ears.on_request_end.append(ends)
    ears.on_request_exception.append(fails)
    return ears


def _kind(params: Any) -> RequestKind:
    return kind_of(params.method, params.url.path, watch=params.url.query.get("watch") == "true")
