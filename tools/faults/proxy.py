"""An HTTP proxy before one server: passes requests on, counts them, and lets them fail."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, Self

import aiohttp
from aiohttp import web
from yarl import URL

from faults.events import GONE, Cut, Lines
from faults.plan import NONE, Dice, Fate, Faults, Verdict
from faults.upstream import Upstream

HISTORY: Final = 5
"""Older answers that are kept of each list."""
LATE_SECONDS: Final = 1.0
"""After that a late event of a watch comes, should no other follow it."""
_RESOURCE: Final = re.compile(
    r"^/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?/([a-z]+)(/[^/]+)?(/[a-z]+)?$"
)
_HOP_BY_HOP: Final = frozenset({"connection", "expect", "transfer-encoding", "content-length"})

Moment = Literal["before", "after"]


@dataclass(frozen=True)
class Asked:
    """A request on its way."""

    number: int
    """From 1, in the order they came."""
    kind: str
    """Verb and resource, such as `POST jobs`; for other servers verb and path."""
    watch: bool


class Dropped(Exception):
    """A witness wants the connection closed."""


Witness = Callable[[Asked, Moment], Awaitable[None]]
"""Called before a request is passed on, and after it took effect; may raise Dropped."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def _nobody(_asked: Asked, _moment: Moment) -> None:
    return


class Proxy:
    """Listens on a loopback port, plainly, as long as it is entered."""

    def __init__(self, upstream: Upstream, *, keep_host: bool = False) -> None:
        self.faults: Faults = NONE
        """May be replaced at any time; open watches keep those that they began with."""
        self.counts: Counter[str] = Counter()
        """Requests by kind."""
        self.fates: Counter[Fate] = Counter()
        self.witness: Witness = _nobody
        self._upstream = upstream
        self._kept = _HOP_BY_HOP if keep_host else _HOP_BY_HOP | {"host", "accept-encoding"}
        self._dice = Dice()
        self._asked = 0
        self._lists: dict[str, deque[_Answer]] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aenter__(self) -> Self:
        """Start to listen."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._upstream.context or True, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        watch = request.query.get("watch") in ("true", "1")
        self._asked += 1
        asked = Asked(self._asked, kind_of(request.method, request.path, watch=watch), watch)
        self.counts[asked.kind] += 1
        faults, place = self.faults, request.raw_path
        verdict = self._dice.draw(
            faults,
            f"{request.method} {place}",
            watch=watch,
            held=request.method == "GET" and place in self._lists,
        )
        self.fates[verdict.fate] += 1
        if verdict.delay_seconds:
            await asyncio.sleep(verdict.delay_seconds)
        try:
            await self.witness(asked, "before")
            return await self._bring_about(request, asked, verdict, faults)
        except (Dropped, aiohttp.ClientError):
            return _dropped(request)

    async def _bring_about(
        self, request: web.Request, asked: Asked, verdict: Verdict, faults: Faults
    ) -> web.StreamResponse:
        if verdict.fate is Fate.REFUSED:
            raise Dropped
        if verdict.fate is Fate.STUCK:
            await asyncio.Event().wait()
        if verdict.fate is Fate.FAILED:
            return _failure(verdict.status, faults.retry_after_seconds)
        if verdict.fate is Fate.STALE:
            return _whole(self._lists[request.raw_path][0])
        if asked.watch:
            return await self._watched(request, verdict, faults)
        answer = await self._answer(request)
        await self.witness(asked, "after")
        if verdict.fate is Fate.LOST:
            raise Dropped
        if verdict.fate is Fate.TRUNCATED:
            return await _truncated(request, answer)
        if request.method == "GET" and b'List"' in answer.body[:200]:
            self._lists.setdefault(request.raw_path, deque(maxlen=HISTORY)).append(answer)
        return _whole(answer)

    def _passed_on(
        self, request: web.Request, body: bytes
    ) -> aiohttp.client._RequestContextManager:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in self._kept}
        return self._session.request(
            request.method,
            URL(self._upstream.url + request.raw_path, encoded=True),
            headers=headers,
            # An empty body would be given a content type.
            data=body or None,
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
            allow_redirects=False,
        )

    async def _answer(self, request: web.Request) -> _Answer:
        async with self._passed_on(request, await request.read()) as held:
            headers = {k: v for k, v in held.headers.items() if k.lower() not in _HOP_BY_HOP}
            if request.method == "HEAD" and "Content-Length" in held.headers:
                headers["Content-Length"] = held.headers["Content-Length"]
            return _Answer(held.status, headers, await held.read())

    async def _watched(
        self, request: web.Request, verdict: Verdict, faults: Faults
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        async with self._passed_on(request, b"") as held:
            if held.status >= 400:  # noqa: PLR2004  (HTTP)
                return web.Response(status=held.status, body=await held.read())
            await response.prepare(request)
            if verdict.fate is Fate.GONE:
                await response.write(GONE)
                return response
            if verdict.fate is Fate.SILENT:
                await asyncio.Event().wait()
            lines = Lines(faults, verdict.seed)
            try:
                await _follow(held.content, lines, response)
            except Cut:
                raise Dropped from None
        await response.write_eof()
        return response


def kind_of(method: str, path: str, *, watch: bool) -> str:
    """Verb and resource of a request to an API server: `PATCH evalruns/status`, `WATCH jobs`."""
    found = _RESOURCE.match(path)
    verb = "WATCH" if watch else method
    return f"{verb} {found[1]}{found[3] or ''}" if found else f"{verb} {path}"


async def _follow(
    content: aiohttp.StreamReader, lines: Lines, response: web.StreamResponse
) -> None:
    """Send the lines as they come; a late one that nothing follows is sent after a while."""
    while not content.at_eof():
        reading = asyncio.ensure_future(content.readany())
        try:
            done, _ = await asyncio.wait({reading}, timeout=LATE_SECONDS)
            for line in () if done else lines.overdue():
                await response.write(line)
            for line in lines.taken(await reading):
                await response.write(line)
        finally:
            reading.cancel()


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _failure(status: int, retry_after_seconds: int) -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "injected by a test",
        "reason": "TooManyRequests" if status == 429 else "InternalError",  # noqa: PLR2004
        "code": status,
    }
    later = {"Retry-After": str(retry_after_seconds)} if status in (429, 503) else {}
    return web.json_response(body, status=status, headers=later)


def _whole(answer: _Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


async def _truncated(request: web.Request, answer: _Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    raise Dropped
