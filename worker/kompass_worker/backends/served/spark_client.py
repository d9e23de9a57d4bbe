"""XunFei Spark over its signed WebSocket: a connection for each question."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from kompass_api.serving import Serving
from kompass_worker.backends.served.asks import Answer, Ask
from kompass_worker.backends.served.http import MAX_BODY_BYTES
from kompass_worker.backends.served.spark_protocol import (
    Frame,
    Version,
    answer_of,
    frame_of,
    request_frame,
)
from kompass_worker.backends.served.spark_signing import SparkKeys, signed_url
from kompass_worker.backends.served.troubles import Kind, Trouble, trouble_of_status


def utc_now() -> datetime:
    """The time of day that a signature holds."""
    return datetime.now(UTC)


class _Straight(connect):
    """Follows no redirect: it would take the question and the headers elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The answer as it is."""
        return exc


@dataclass(frozen=True)
class SparkClient:
    """One version of Spark."""

    serving: Serving
    version: Version
    keys: SparkKeys
    headers: tuple[tuple[str, str], ...]
    now: Callable[[], datetime] = utc_now

    async def ask(self, ask: Ask) -> Answer:
        """One answer."""
        try:
            async with asyncio.timeout(self.serving.timeout_seconds):
                frames = await self._exchange(ask)
        except TimeoutError as error:
            limit = self.serving.timeout_seconds
            raise Trouble(Kind.AWAY, f"no whole answer within {limit} s") from error
        except InvalidStatus as error:
            raise self._refusal(error) from error
        except (OSError, WebSocketException) as error:
            # The words of the library may hold the address, and that the signature.
            raise Trouble(Kind.AWAY, f"{type(error).__name__} on the way") from None
        return answer_of(frames, ask, self.serving)

    async def served_names(self) -> list[str] | None:
        """The service lists no models."""
        return None

    async def _exchange(self, ask: Ask) -> list[Frame]:
        address = signed_url(self.version.url, self.keys, self.now())
        request = request_frame(ask, self.serving, self.version, self.keys.app_id)
        frames: list[Frame] = []
        size = 0
        async with _Straight(
            address, additional_headers=self.headers, max_size=MAX_BODY_BYTES, ping_interval=None
        ) as socket:
            await socket.send(json.dumps(request, ensure_ascii=False))
            async for message in socket:
                size += len(message)
                if size > MAX_BODY_BYTES:
                    raise Trouble(Kind.BROKEN, f"an answer of more than {MAX_BODY_BYTES} bytes")
                frames.append(frame_of(message))
                if frames[-1].is_last:
                    return frames
        raise Trouble(Kind.BROKEN, f"the connection was closed after {len(frames)} frames")

    def _refusal(self, error: InvalidStatus) -> Trouble:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        body = bytes(response.body or b"").strip() or response.reason_phrase.encode()
        return trouble_of_status(response.status_code, headers, body, now=self.now().timestamp())
