"""The engines' own evaluators, built from Go once and kept in the cache by their source."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from kompass_devcluster.folders import Folders
from kompass_devcluster.golang import find_go

ENGINES: Final = Path(__file__).parent / "engines"
_NEEDED_GO: Final = (1, 26)
_BUILD_SECONDS: Final = 1800

Answers = list[dict[str, str]]


def answers(engine: str, questions: list[Any]) -> Answers:
    """What an engine says to each question; the test is skipped where it cannot be built."""
    ran = subprocess.run(
        [program(engine)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found: Answers = json.loads(ran.stdout)
    return found


def program(engine: str) -> Path:
    """The built program."""
    folders = Folders.from_environment()
    target = folders.tools / f"engine-{engine}-{_digest(ENGINES / engine)}"
    if not target.exists():
        _build(engine, target, folders)
    return target


def _build(engine: str, target: Path, folders: Folders) -> None:
    go = find_go(folders, _NEEDED_GO)
    if go is None:
        _missing(f"needs Go {_NEEDED_GO[0]}.{_NEEDED_GO[1]} to build the evaluator of {engine}")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    command = [str(go), "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
    built = subprocess.run(
        [*command, "-o", str(partial), "."],
        cwd=ENGINES / engine,
        env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_BUILD_SECONDS,
    )
    if built.returncode != 0:
        _missing(f"the evaluator of {engine} could not be built: {built.stderr[-500:]}")
    partial.replace(target)


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:16]
