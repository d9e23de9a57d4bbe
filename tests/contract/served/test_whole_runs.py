"""`kompass run` with a served model: its report, its stop, and the key that nobody may see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from contract.served.servers import KEY, Reply, Request, Server, models, said, serving

from kompass_worker.inference.parts import decompressed

pytestmark = pytest.mark.timeout(120)

MANIFEST = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: served}
spec:
  backend: OpenAI
  serving:
    url: URL
    model: m
    apiKeySecretRef: {name: llm, key: OWN_API_KEY}
    concurrency: 2
    retryDeadlineSeconds: 1
---
apiVersion: kompass.dev/v1alpha1
kind: Benchmark
metadata: {name: sums}
spec:
  rowName: sums
  data:
    source: {uri: "FOLDER"}
    format: JSONL
    path: "{subject}-{split}.jsonl"
    testSplit: test
    inputColumns: [question]
    outputColumn: answer
  subjects: [{name: sums}]
  prompt:
    rounds:
      - {role: HUMAN, prompt: "{question}"}
      - {role: BOT, prompt: "{answer}"}
  method: Generation
  generation: {maxNewTokens: 8}
  extraction: [{name: first_capital}]
---
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: served}
spec:
  models: [{name: served}]
  benchmarks: [{name: sums}]
"""
QUESTIONS = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"question": f"Which is letter {i}?", "answer": "ABCDEF"[i]} for i in range(QUESTIONS)]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sums-test.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def command(folder: Path, server: Server, *options: str) -> list[str]:
    text = MANIFEST.replace("URL", server.url).replace("FOLDER", (folder / "data").as_uri())
    (folder / "run.yaml").write_text(text, encoding="utf-8")
    program = [sys.executable, "-m", "kompass_worker.cli", "run", str(folder / "run.yaml")]
    return [*program, "--out", str(folder / "out"), "--verbose", *options]


def environment(folder: Path, key: str = KEY) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "OWN_API_KEY"}
    own = {"OWN_API_KEY": key} if key else {}
    return {**kept, **own, "KOMPASS_CACHE": str(folder / "cache"), "KOMPASS_LOG_LEVEL": "DEBUG"}


def letter(request: Request) -> Reply:
    """Knows the first four letters."""
    if request.path.endswith("/models"):
        return models("m")
    if request.headers.get("authorization") != f"Bearer {KEY}":
        wrong = request.headers.get("authorization", "").removeprefix("Bearer ")
        return Reply(401, {"error": {"message": f"Incorrect API key provided: {wrong}"}})
    place = int(request.question.split()[-1].strip("?"))
    return said("ABCD"[place] if place < 4 else "Z")


def seen(folder: Path) -> bytes:
    """Everything that a run leaves, unpacked."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(
        decompressed(path.read_bytes()) if path.suffix == ".zst" else path.read_bytes()
        for path in files
    )


def test_a_run_is_scored_and_holds_no_key(folder: Path) -> None:
    with serving(letter) as server:
        ended = subprocess.run(
            command(folder, server),
            env=environment(folder),
            capture_output=True,
            check=False,
            text=True,
        )
    assert ended.returncode == 0, ended.stderr
    assert "66.67" in ended.stdout
    report: dict[str, Any] = json.loads((folder / "out/report/report.json").read_text())
    lineage = report["models"][0]
    assert lineage["source"] == f"{server.url} m"
    assert lineage["environment"]["tokenizerDigest"] == "estimate"
    left = seen(folder / "out")
    assert b"Which is letter" in left or b'"A"' in left
    for secret in (KEY, KEY[:12]):
        assert secret.encode() not in left
        assert secret not in ended.stdout + ended.stderr


def withholding(request: Request) -> Reply:
    """Knows the letters, and withholds two answers: one before it is written, one at its end."""
    if "letter 4" in request.question:
        return Reply(400, {"error": {"code": "content_filter", "message": "no"}})
    if "letter 5" in request.question:
        return said("F, but", finish="content_filter")
    return letter(request)


def test_a_withheld_answer_is_judged_by_what_is_there_of_it(folder: Path) -> None:
    with serving(withholding) as server:
        ended = subprocess.run(
            command(folder, server),
            env=environment(folder),
            capture_output=True,
            check=False,
            text=True,
        )
    assert ended.returncode == 0, ended.stderr
    lines = decompressed((folder / "out/report/samples.jsonl.zst").read_bytes()).splitlines()
    found = {one["row"]: one for one in map(json.loads, lines)}
    assert [found[row]["score"] for row in range(QUESTIONS)] == [1, 1, 1, 1, 0, 1]
    assert [(found[row]["prediction"], found[row]["finishReason"]) for row in (3, 4, 5)] == [
        ("D", "stop"),
        ("", "content_filter"),
        ("F, but", "content_filter"),
    ]


def test_a_wrong_key_is_said_and_not_repeated(folder: Path) -> None:
    with serving(letter) as server:
        ended = subprocess.run(
            command(folder, server),
            env=environment(folder, key="sk-wrong-0123456789"),
            capture_output=True,
            check=False,
            text=True,
        )
    assert ended.returncode == 1
    assert "ModelAccessDenied" in ended.stderr
    assert "Incorrect API key provided: [key]" in ended.stderr
    assert "sk-wrong" not in ended.stdout + ended.stderr
    assert b"sk-wrong" not in seen(folder / "out")


def test_a_missing_key_is_said_with_the_variables_that_would_hold_it(folder: Path) -> None:
    with serving(letter) as server:
        ended = subprocess.run(
            command(folder, server),
            env=environment(folder, key=""),
            capture_output=True,
            check=False,
            text=True,
        )
        assert server.requests == []
    assert ended.returncode == 1
    assert "SecretMissing" in ended.stderr
    assert "OWN_API_KEY" in ended.stderr


def test_a_stop_keeps_what_was_answered_and_a_resume_asks_the_rest(folder: Path) -> None:
    # Who asks the third and the fourth has heard the first two answers.
    hanging = threading.Barrier(3, timeout=60)
    hangs = [True]

    def stuck(request: Request) -> Reply:
        found = letter(request)
        if hangs[0] and request.question.endswith(("2?", "3?")):
            hanging.wait()
            return Reply(found.status, found.body, after_seconds=60)
        return found

    with serving(stuck) as server:
        with subprocess.Popen(
            command(folder, server),
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                hanging.wait()
                # For the way from the thread that hears to the one that keeps.
                time.sleep(1)
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=30)
            finally:
                process.kill()
        assert process.returncode == 1, errors
        assert "Stopped; the answers so far are kept" in errors
        hangs[0] = False
        server.requests.clear()
        ended = subprocess.run(
            command(folder, server, "--resume"),
            env=environment(folder),
            capture_output=True,
            check=False,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        assert "66.67" in ended.stdout
        assert not {"Which is letter 0?", "Which is letter 1?"} & set(server.asked)
        assert len(server.asked) == QUESTIONS - 2


def test_what_was_answered_before_the_server_went_away_is_kept(folder: Path) -> None:
    breaks = [True]

    def breaking(request: Request) -> Reply:
        return Reply(500) if breaks[0] and request.question.endswith("5?") else letter(request)

    with serving(breaking) as server:
        first = subprocess.run(
            command(folder, server),
            env=environment(folder),
            capture_output=True,
            check=False,
            text=True,
        )
        assert first.returncode == 1
        assert "EndpointUnavailable" in first.stderr
        breaks[0] = False
        server.requests.clear()
        second = subprocess.run(
            command(folder, server, "--resume"),
            env=environment(folder),
            capture_output=True,
            check=False,
            text=True,
        )
    assert second.returncode == 0, second.stderr
    assert server.asked == ["Which is letter 5?"]
