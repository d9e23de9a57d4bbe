"""The API server of a kubeconfig with a client certificate: plain JSON requests and watches."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

Object = dict[str, Any]


class ApiServer:
    """A session with an API server."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        self.url: str = config["clusters"][0]["cluster"]["server"]
        self._ssl = _client_context(config["clusters"][0]["cluster"], config["users"][0]["user"])

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()

    async def request(self, method: str, path: str, body: Object | None = None) -> Object:
        """The JSON answer; raises aiohttp.ClientResponseError with the server's words."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self.session.request(
            method, self.url + path, json=body, headers={"Content-Type": kind}
        ) as answer:
            found: Object = await answer.json()
            if answer.status >= 400:
                raise aiohttp.ClientResponseError(
                    answer.request_info, (), status=answer.status, message=str(found.get("message"))
                )
            return found

    async def watch(self, path: str) -> AsyncIterator[tuple[str, Object]]:
        """Every event of a list, from what is there on, for as long as it is read."""
        query = "&" if "?" in path else "?"
        url = f"{self.url}{path}{query}watch=true&timeoutSeconds=3600"
        async with self.session.get(url) as answer:
            answer.raise_for_status()
            pending = b""
            async for chunk in answer.content.iter_any():
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    yield event["type"], event["object"]


def _client_context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        context = ssl.create_default_context(
            cafile=_file(cluster, "certificate-authority", Path(folder))
        )
        context.load_cert_chain(
            _file(user, "client-certificate", Path(folder)), _file(user, "client-key", Path(folder))
        )
    return context


def _file(held: dict[str, str], name: str, folder: Path) -> str:
    if name in held:
        return held[name]
    path = folder / name
    path.write_bytes(base64.b64decode(held[f"{name}-data"]))
    return str(path)
