"""Repositories of the hub, against a small server that speaks its API."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from kompass_api.credentials import variable_of
from kompass_api.outcomes import FailureClass
from kompass_api.sources import S3Connection, Source
from kompass_worker.credentials import Credentials
from kompass_worker.errors import AccessDenied, HubUnavailable, InputMissing, WorkerError
from kompass_worker.sources.fetching import Fetcher

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_right"


@dataclass
class Hub:
    """What the server has, and how it refuses."""

    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    error_code: str = ""
    needs_token: bool = False
    asked: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, *, with_body: bool) -> None:
        self.hub.asked.append(self.path)
        refused = self.hub.needs_token and self.headers["Authorization"] != f"Bearer {TOKEN}"
        if refused or self.hub.status != 200:
            code = self.hub.error_code or ("GatedRepo" if refused else "")
            self._send(403 if refused else self.hub.status, b"", {"X-Error-Code": code})
        elif "/revision/" in self.path:
            self._send(200, json.dumps({"id": "owner/name", "sha": COMMIT}).encode(), {})
        elif "/tree/" in self.path:
            self._send(200, json.dumps([self._entry(name) for name in self.hub.files]).encode(), {})
        else:
            content = self.hub.files[self.path.split(f"/resolve/{COMMIT}/")[1]]
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            self._send(200, content, headers, with_body=with_body)

    def _entry(self, name: str) -> dict[str, object]:
        content = self.hub.files[name]
        identity = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": name, "size": len(content), "oid": identity}

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], *, with_body: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def fetcher(hub: Hub, tmp_path: Path) -> Iterator[Fetcher]:
    handler = type("HubHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Fetcher(
        cache=tmp_path / "cache",
        pvc_root=tmp_path / "volumes",
        credentials=Credentials({variable_of("hub-token", "HF_TOKEN"): TOKEN}),
        storage=S3Connection(),
        patience_seconds=1,
        hub_endpoint=f"http://127.0.0.1:{server.server_port}",
    )
    server.shutdown()
    thread.join()
    server.server_close()


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_model_comes_without_pickles_and_code(hub: Hub, fetcher: Fetcher) -> None:
    hub.files = {
        "config.json": b"{}",
        "model.safetensors": b"w",
        "tokenizer.json": b"{1}",
        "pytorch_model.bin": b"p",
        "modeling.py": b"c",
    }
    folder = fetcher.model(Source(uri="hf://owner/name"))
    assert names(folder) == {"config.json", "model.safetensors", "tokenizer.json"}
    assert not any(".bin" in path or ".py" in path for path in hub.asked)


def test_planning_fetches_no_weights(hub: Hub, fetcher: Fetcher) -> None:
    hub.files = {"config.json": b"{}", "model.safetensors": b"w", "tokenizer.json": b"{1}"}
    folder = fetcher.tokenizer(Source(uri="hf://owner/name"))
    assert names(folder) == {"config.json", "tokenizer.json"}


def test_a_pinned_revision_is_fetched_once(hub: Hub, fetcher: Fetcher) -> None:
    hub.files = {"config.json": b"{}", "model.safetensors": b"w"}
    source = Source(uri="hf://owner/name", revision=COMMIT)
    folder = fetcher.model(source)
    hub.asked.clear()
    assert fetcher.model(source) == folder
    assert hub.asked == []


def test_data_in_a_zip_is_unpacked_beside_the_other_files(hub: Hub, fetcher: Fetcher) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("val/law_val.csv", "id\n")
        archive.writestr("dev/law_dev.csv", "id\n")
    hub.files = {"ceval-exam.zip": packed.getvalue(), "subject_mapping.json": b"{}"}
    for _ in range(2):
        folder = fetcher.data(Source(uri="hf://datasets/ceval/ceval-exam"))
        assert names(folder) - {".kompass-unpacked"} == {
            "val/law_val.csv",
            "dev/law_dev.csv",
            "subject_mapping.json",
        }


def test_a_gated_repository_opens_with_a_token(hub: Hub, fetcher: Fetcher) -> None:
    hub.files = {"config.json": b"{}"}
    hub.needs_token = True
    with pytest.raises(AccessDenied, match=r"HF_TOKEN in source.tokenSecret") as caught:
        fetcher.model(Source(uri="hf://owner/name"))
    assert caught.value.failure is FailureClass.MODEL_ACCESS_DENIED
    assert TOKEN not in str(caught.value)
    assert fetcher.model(Source(uri="hf://owner/name", token_secret="hub-token")).is_dir()


@pytest.mark.parametrize(
    ("status", "code", "error", "failure"),
    [
        pytest.param(
            401, "RepoNotFound", AccessDenied, FailureClass.MODEL_ACCESS_DENIED, id="401-hidden"
        ),
        pytest.param(403, "", AccessDenied, FailureClass.MODEL_ACCESS_DENIED, id="403"),
        pytest.param(
            404, "RepoNotFound", InputMissing, FailureClass.MODEL_MISSING, id="404-repository"
        ),
        pytest.param(
            404, "RevisionNotFound", InputMissing, FailureClass.MODEL_MISSING, id="404-revision"
        ),
        pytest.param(500, "", HubUnavailable, FailureClass.HUB_UNAVAILABLE, id="500"),
        pytest.param(503, "", HubUnavailable, FailureClass.HUB_UNAVAILABLE, id="503"),
    ],
)
def test_refusals_are_told_apart(
    hub: Hub,
    fetcher: Fetcher,
    status: int,
    code: str,
    error: type[WorkerError],
    failure: FailureClass,
) -> None:
    hub.status, hub.error_code = status, code
    with pytest.raises(error, match="hf://owner/name") as caught:
        fetcher.model(Source(uri="hf://owner/name"))
    assert caught.value.failure is failure


def test_a_hub_that_cannot_be_reached_is_waited_for_by_the_job(tmp_path: Path) -> None:
    nowhere = Fetcher(
        cache=tmp_path,
        pvc_root=tmp_path,
        credentials=Credentials({}),
        storage=S3Connection(),
        patience_seconds=1,
        hub_endpoint="http://127.0.0.1:9",
    )
    with pytest.raises(HubUnavailable, match="cannot be reached"):
        nowhere.model(Source(uri="hf://owner/name"))


def test_a_repository_without_weights_files_says_what_was_looked_for(
    hub: Hub, fetcher: Fetcher
) -> None:
    hub.files = {"README.md": b"words"}
    with pytest.raises(InputMissing, match=r"no file of a model.*\*\.safetensors"):
        fetcher.model(Source(uri="hf://owner/name"))
