"""A server on loopback that behaves as badly as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_worker.backends.served.backend import ServedBackend
from kompass_worker.backends.served.loading import Door, load_served

KEY = "sk-made-up-0123456789abcdef"
"""Opens nothing; no file of a run may hold it."""


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0
    cut: bool = False
    """Close the connection in the middle of the body."""

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def question(self) -> str:
        messages = self.body.get("messages")
        return str(messages[-1]["content"] if messages else self.body.get("prompt", ""))


class Served(NamedTuple):
    """A real server's address and the model's name there."""

    url: str
    model: str


Behaviour = Callable[[Request], Reply]


@dataclass
class Server:
    """The server, and what it has seen."""

    url: str
    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        found = self.behaviour(request)
        time.sleep(found.after_seconds)
        with self._lock:
            self._now -= 1
        return found

    @property
    def asked(self) -> list[str]:
        """The questions, in order."""
        return [one.question for one in self.requests if "/completions" in one.path]


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    """The server, for a while."""
    held: list[Server] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            self._answer(json.loads(self.rfile.read(length) or b"{}"))

        def _answer(self, body: dict[str, Any]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = held[0].reply(Request(self.path, headers, body))
            content = reply.content
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content) + 10 * reply.cut))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                # The client has given up on a reply that came too late.
                self.close_connection = True
            if reply.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    held.append(Server(f"http://127.0.0.1:{server.server_port}/v1", behaviour))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield held[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def models(*names: str) -> Reply:
    """A list of models."""
    return Reply(body={"object": "list", "data": [{"id": name} for name in names]})


def said(text: str, finish: str = "stop") -> Reply:
    """A chat answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return Reply(body={"choices": [{**choice, "finish_reason": finish}], "usage": usage})


def echoing(request: Request) -> Reply:
    """Answers every question with itself."""
    return models("m") if request.path.endswith("/models") else said(request.question)


class Failing:
    """Misbehaves as told, reply by reply, then answers."""

    def __init__(self, *replies: Reply) -> None:
        self._left = list(replies)
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        if request.path.endswith("/models"):
            return models("m")
        with self._lock:
            return self._left.pop(0) if self._left else said(request.question)


def backend(url: str, **settings: Any) -> ServedBackend:
    """The backend for a server, reached."""
    return load_served(door(url, **settings), tokenizer_folder=None)


def door(
    url: str | None,
    *,
    backend: str = "OpenAI",
    model_type: str = "Chat",
    keys: tuple[str, ...] = (KEY,),
    **serving: Any,
) -> Door:
    """How a server is reached."""
    own: dict[str, Any] = {"model": "m", **({"url": url} if url is not None else {})}
    if keys:
        own["apiKeySecretRef"] = {"name": "llm"}
    spec = ModelEndpointSpec.model_validate(
        {"backend": backend, "modelType": model_type, "serving": {**own, **serving}}
    )
    return Door("own", spec, keys, None)
