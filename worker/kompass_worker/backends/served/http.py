"""HTTP with a server that is not ours: JSON in and out, of a bounded size, and troubles for errors.

Redirects are not followed: they would take the key elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from kompass_worker.backends.served.redaction import READ
from kompass_worker.backends.served.troubles import Kind, Trouble, trouble_of_status

MAX_BODY_BYTES: Final = 64 * 2**20
_MAX_ERROR_BYTES: Final = 4 * (READ + 1)
"""More characters than are looked at, in any text."""
_ERRORS: Final = 400
_REDIRECTS: Final = 300

Json = dict[str, Any]


@dataclass(frozen=True)
class Http:
    """One server, with the key in every request."""

    client: httpx2.AsyncClient
    url: str
    timeout_seconds: float

    async def post(self, path: str, body: Json) -> Json:
        """The JSON object that answers; a Trouble otherwise."""
        return await self._exchange("POST", path, body)

    async def get(self, path: str) -> Json:
        """The JSON object at a path."""
        return await self._exchange("GET", path, None)

    async def _exchange(self, method: str, path: str, body: Json | None) -> Json:
        url = path if "://" in path else f"{self.url}{path}"
        try:
            async with asyncio.timeout(self.timeout_seconds):
                async with self.client.stream(method, url, json=body) as response:
                    content = await _read(response)
                    status, headers = response.status_code, response.headers
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise Trouble(
                Kind.AWAY, f"no whole answer within {self.timeout_seconds:g} s"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # Its words may hold the header with the key: no traceback repeats them.
            raise Trouble(Kind.AWAY, f"{type(error).__name__}: {error}") from None
        if status >= _REDIRECTS:
            raise _refusal(status, headers, content)
        return _object(content)


async def _read(response: httpx2.Response) -> bytes:
    limit = MAX_BODY_BYTES if response.status_code < _ERRORS else _MAX_ERROR_BYTES
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit:
            if response.status_code >= _ERRORS:
                break
            raise Trouble(Kind.BROKEN, f"an answer of more than {limit} bytes")
    return bytes(content)


def _refusal(status: int, headers: Mapping[str, str], content: bytes) -> Trouble:
    if status < _ERRORS:
        target = headers.get("location", "elsewhere")
        return Trouble(
            Kind.INVALID,
            f"put the address it means into serving.url: it redirects to {target}",
            status=status,
        )
    return trouble_of_status(status, headers, content, now=time.time())


def _object(content: bytes) -> Json:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        said = content[:_MAX_ERROR_BYTES].decode("utf-8", "replace")
        raise Trouble(Kind.BROKEN, f"an answer that is no JSON: {said}") from error
    if not isinstance(found, dict):
        raise Trouble(Kind.BROKEN, f"an answer that is no JSON object but a {type(found).__name__}")
    return found
