"""The API server of a kubeconfig: plain JSON requests and watches."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp

from faults.upstream import Upstream

Object = dict[str, Any]


class Refused(Exception):
    """The API server said no; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class ApiServer:
    """A session with an API server."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.upstream.context or True, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._session.close()

    async def request(self, method: str, path: str, body: Object | None = None) -> Object:
        """The JSON answer; raises Refused with the server's words."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self._session.request(
            method, self.upstream.url + path, json=body, headers={"Content-Type": kind}
        ) as answer:
            found: Object = await answer.json()
            if answer.status >= 400:  # noqa: PLR2004  (HTTP)
                raise Refused(answer.status, str(found.get("message")))
            return found

    async def items(self, path: str) -> list[Object]:
        """Every object of a list."""
        return list((await self.request("GET", path))["items"])

    async def watch(self, path: str) -> AsyncIterator[tuple[str, Object]]:
        """Every event of a list, from what is there on, for as long as it is read."""
        query = "&" if "?" in path else "?"
        url = f"{self.upstream.url}{path}{query}watch=true&timeoutSeconds=3600"
        async with self._session.get(url) as answer:
            answer.raise_for_status()
            pending = b""
            async for chunk in answer.content.iter_any():
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    yield event["type"], event["object"]
