"""A small page of the pod: /progress for the operator, /metrics for Prometheus.

Nothing depends on it: where it cannot be served, the shard does its work without. It tells numbers
only, one request at a time.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kompass_api.progress import PROGRESS_PATH, ShardProgress
from kompass_worker.measures import REGISTRY

REQUEST_SECONDS: Final = 2.0
"""Who asks slower is sent away."""

STOP_SECONDS: Final = 0.05
"""How long the end of a shard may wait for the page."""

logger = logging.getLogger(__name__)


@contextmanager
def served(
    told: Callable[[], ShardProgress], port: int | None, host: str = "::"
) -> Iterator[int | None]:
    """Serve while the block runs; yields the port, or None where nothing is served."""
    if port is None:
        yield None
        return
    try:
        server = _Server((host, port), _handler(told))
    except OSError as error:
        logger.warning("no progress page", extra={"port": port, "reason": str(error)})
        yield None
        return
    thread = Thread(
        target=server.serve_forever, args=(STOP_SECONDS,), name="progress page", daemon=True
    )
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(HTTPServer):
    # Both families, where the machine has both.
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        else:
            self.server_address = ("0.0.0.0", self.server_address[1])  # noqa: S104
        super().server_bind()

    def handle_error(self, *about: object) -> None:
        logger.debug("a reader of the progress page went away", extra={"about": str(about)})


def _handler(told: Callable[[], ShardProgress]) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        server_version = "kompass-worker"
        sys_version = ""
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            if self.path == PROGRESS_PATH:
                self._answer(told().model_dump_json().encode(), "application/json")
            elif self.path == "/metrics":
                self._answer(generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
            else:
                self.send_error(404)

        def _answer(self, body: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            logger.debug(format, *args)

    return Page
