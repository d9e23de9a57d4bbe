"""An HTTP proxy before the API server that counts requests by verb and resource."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import yaml
from aiohttp import web
from apiserver import ApiServer

_RESOURCE = re.compile(r"^/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?/([a-z]+)")
_HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length", "accept-encoding"}


class CountingProxy:
    """Passes every request on, and remembers what passed."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self.counts: Counter[str] = Counter()

    async def start(self, kubeconfig: Path) -> None:
        """Listen on a loopback port, and write a kubeconfig that leads there."""
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        kubeconfig.write_text(yaml.safe_dump(_config(f"http://127.0.0.1:{port}")))

    async def stop(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        self.counts[_kind(request)] += 1
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        async with self._server.session.request(
            request.method,
            self._server.url + request.raw_path,
            headers=headers,
            # An empty body would have to have a content type.
            data=(await request.read()) or None,
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    response.headers[name] = value
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response


def _kind(request: web.Request) -> str:
    found = _RESOURCE.match(request.path)
    verb = "WATCH" if "watch" in request.query else request.method
    status = "/status" if request.path.endswith("/status") else ""
    return f"{verb} {found[1] if found else request.path}{status}"


def _config(server: str) -> dict[str, object]:
    name = "counted"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
