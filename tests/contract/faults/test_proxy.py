"""The proxy before a small server on loopback: what passes, and how what fails looks outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from faults.plan import NONE, OUTAGE, Fate, Faults
from faults.proxy import Asked, Dropped, Moment, Proxy, kind_of
from faults.thread import proxied
from faults.upstream import Upstream

LIST = "/apis/batch/v1/namespaces/team/jobs"


class Server:
    """Counts what reaches it; a list grows by one with each POST."""

    def __init__(self) -> None:
        self.posts: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        if request.method == "POST":
            self.posts.append(await request.read())
            return web.json_response({"n": len(self.posts)}, status=201)
        if request.method == "HEAD":
            return web.Response(headers={"Content-Length": "123", "ETag": "x"})
        if "watch" in request.query:
            response = web.StreamResponse()
            await response.prepare(request)
            for number in range(5):
                await response.write(b'{"type": "ADDED", "object": {"n": %d}}\n' % number)
            await asyncio.sleep(float(request.query.get("stay", 0)))
            return response
        return web.json_response({"kind": "JobList", "items": [0] * len(self.posts)})


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    held = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", held.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield held, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def proxy(server: tuple[Server, str]) -> AsyncIterator[Proxy]:
    async with Proxy(Upstream(server[1])) as held:
        yield held


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as held:
        yield held


async def test_what_is_asked_and_answered_passes_unchanged(
    proxy: Proxy, server: tuple[Server, str], client: aiohttp.ClientSession
) -> None:
    async with client.post(f"{proxy.url}{LIST}?dryRun=All", data=b"\x00body") as answer:
        assert (answer.status, await answer.json()) == (201, {"n": 1})
    async with client.head(f"{proxy.url}{LIST}") as answer:
        assert (answer.headers["Content-Length"], answer.headers["ETag"]) == ("123", "x")
    assert server[0].posts == [b"\x00body"]
    assert proxy.counts == {"POST jobs": 1, "HEAD jobs": 1}


async def test_token_reaches_the_server_and_the_host_is_kept_on_demand(
    server: tuple[Server, str], client: aiohttp.ClientSession
) -> None:
    async with Proxy(Upstream(server[1]), keep_host=True) as proxy:
        await client.get(proxy.url + LIST, headers={"Authorization": "Bearer t"})
        assert server[0].headers[-1]["Authorization"] == "Bearer t"
        assert server[0].headers[-1]["Host"] == proxy.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("fate", "reached"),
    [
        pytest.param(Fate.REFUSED, 0, id="refused"),
        pytest.param(Fate.LOST, 1, id="lost"),
        pytest.param(Fate.TRUNCATED, 1, id="truncated"),
        pytest.param(Fate.STUCK, 0, id="stuck"),
    ],
)
async def test_request_without_an_answer(
    proxy: Proxy,
    server: tuple[Server, str],
    client: aiohttp.ClientSession,
    fate: Fate,
    reached: int,
) -> None:
    proxy.faults = Faults(chances={fate: 1.0})
    timeout = aiohttp.ClientTimeout(total=0.5)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        async with client.post(proxy.url + LIST, data=b"x", timeout=timeout) as answer:
            await answer.read()
    assert len(server[0].posts) == reached
    assert proxy.fates == {fate: 1}


async def test_errors_are_those_of_an_api_server(
    proxy: Proxy, server: tuple[Server, str], client: aiohttp.ClientSession
) -> None:
    proxy.faults = Faults(chances={Fate.FAILED: 1.0}, statuses=(429,), retry_after_seconds=7)
    async with client.post(proxy.url + LIST) as answer:
        said = await answer.json()
    assert (answer.status, said["code"], answer.headers["Retry-After"]) == (429, 429, "7")
    assert server[0].posts == []


async def test_outage_ends_when_the_faults_are_taken_back(
    proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    proxy.faults = OUTAGE
    with pytest.raises(aiohttp.ClientError):
        await client.post(proxy.url + LIST)
    proxy.faults = NONE
    async with client.post(proxy.url + LIST) as answer:
        assert answer.status == 201


async def test_stale_list_is_one_that_was_once_true(
    proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    sizes = []
    for _ in range(2):
        async with client.get(proxy.url + LIST) as answer:
            sizes.append(len((await answer.json())["items"]))
        await client.post(proxy.url + LIST)
    proxy.faults = Faults(chances={Fate.STALE: 1.0})
    async with client.get(proxy.url + LIST) as answer:
        sizes.append(len((await answer.json())["items"]))
    assert sizes == [0, 1, 0]


@pytest.mark.parametrize(
    ("faults", "lines"),
    [
        pytest.param(NONE, 5, id="whole"),
        pytest.param(Faults(duplicated=1.0), 10, id="every-event-twice"),
        pytest.param(Faults(chances={Fate.GONE: 1.0}), 1, id="gone"),
    ],
)
async def test_events_of_a_watch(
    proxy: Proxy, client: aiohttp.ClientSession, faults: Faults, lines: int
) -> None:
    proxy.faults = faults
    async with client.get(f"{proxy.url}{LIST}?watch=true") as answer:
        assert len((await answer.read()).splitlines()) == lines
    assert proxy.counts == {"WATCH jobs": 1}


async def test_silent_watch_stays_open_and_says_nothing(
    proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    proxy.faults = Faults(chances={Fate.SILENT: 1.0})
    timeout = aiohttp.ClientTimeout(total=0.5)
    async with client.get(f"{proxy.url}{LIST}?watch=true", timeout=timeout) as answer:
        assert answer.status == 200
        with pytest.raises(TimeoutError):
            await answer.read()


async def test_cut_watch_ends_without_a_proper_end(
    proxy: Proxy, client: aiohttp.ClientSession
) -> None:
    proxy.faults = Faults(cut=1.0)
    with pytest.raises(aiohttp.ClientError):
        async with client.get(f"{proxy.url}{LIST}?watch=true&stay=5") as answer:
            await answer.read()


async def test_witness_sees_a_request_before_and_after_and_may_drop_it(
    proxy: Proxy, server: tuple[Server, str], client: aiohttp.ClientSession
) -> None:
    seen: list[tuple[int, str, Moment]] = []

    async def witness(asked: Asked, moment: Moment) -> None:
        seen.append((asked.number, asked.kind, moment))
        if asked.number == 2 and moment == "after":
            raise Dropped

    proxy.witness = witness
    await client.post(proxy.url + LIST)
    with pytest.raises(aiohttp.ClientError):
        await client.post(proxy.url + LIST)
    assert seen == [(n, "POST jobs", moment) for n in (1, 2) for moment in ("before", "after")]
    assert len(server[0].posts) == 2


async def test_server_that_is_away_looks_away(client: aiohttp.ClientSession) -> None:
    async with Proxy(Upstream("http://127.0.0.1:9")) as proxy:
        with pytest.raises(aiohttp.ClientError):
            await client.get(proxy.url + LIST)


async def test_proxy_in_a_thread_serves_and_stops(
    server: tuple[Server, str], client: aiohttp.ClientSession
) -> None:
    with proxied(Upstream(server[1])) as proxy:
        async with client.post(proxy.url + LIST) as answer:
            assert answer.status == 201
        url = proxy.url
    with pytest.raises(aiohttp.ClientError):
        await client.post(url + LIST)


@pytest.mark.parametrize(
    ("method", "path", "watch", "kind"),
    [
        pytest.param("POST", "/api/v1/namespaces/n/events", False, "POST events", id="core"),
        pytest.param("GET", "/api/v1/namespaces/n/pods/p", False, "GET pods", id="one-object"),
        pytest.param("GET", "/apis/batch/v1/jobs", True, "WATCH jobs", id="watch"),
        pytest.param(
            "PATCH",
            "/apis/kompass.dev/v1alpha1/namespaces/n/evalruns/r/status",
            False,
            "PATCH evalruns/status",
            id="status",
        ),
        pytest.param("GET", "/version", False, "GET /version", id="no-resource"),
    ],
)
def test_requests_are_counted_by_verb_and_resource(
    method: str, path: str, watch: bool, kind: str
) -> None:
    assert kind_of(method, path, watch=watch) == kind
