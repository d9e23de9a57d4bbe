"""`kompass run` from a manifest to a table, with a model that knows the answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kompass_api.modelendpoint import ModelType
from kompass_worker.cli.data_files import Asked
from kompass_worker.cli.run import Wish, carry_out
from kompass_worker.cli.usage import Status
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.inference.parts import decompressed
from kompass_worker.store import FolderStore

pytestmark = [pytest.mark.shared, pytest.mark.timeout(600)]

MANIFEST = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: tiny-mc}
spec:
  modelType: Base
  device: CPU
  source: {uri: "s3://kompass/models/tiny-mc"}
---
# The prompt that the model was trained with: it answers every question right.
apiVersion: kompass.dev/v1alpha1
kind: Benchmark
metadata: {name: own-prompt}
spec:
  rowName: own-{subject}
  data:
    source: {uri: "s3://kompass/data/tiny_mc"}
    inputColumns: [question, A, B, C, D]
    outputColumn: answer
  prompt:
    rounds:
      - role: HUMAN
        prompt: "以下是中国关于{subject_title}考试的单项选择题，请选出其中的正确答案。\\n\\n\\
          {question}\\nA. {A}\\nB. {B}\\nC. {C}\\nD. {D}\\n答案："
      - {role: BOT, prompt: ""}
  method: Generation
  generation: {maxNewTokens: 2}
  extraction: [{ name: first_capital }]
---
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: right}
spec:
  models: [{name: tiny-mc}]
  benchmarks: [{name: own-prompt}]
  sharding: {shardsPerModel: 3}
---
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: gaokao}
spec:
  models: [{name: tiny-mc}]
  benchmarks:
    - {name: ceval-gen, source: {uri: "s3://kompass/data/gaokao_ceval"}, limit: 2, maxNewTokens: 2}
    - {name: ceval-ppl, source: {uri: "s3://kompass/data/gaokao_ceval"}, limit: 2}
  sharding: {shardsPerModel: 2}
---
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: long}
spec:
  models: [{name: tiny-mc}]
  benchmarks: [{name: ceval-gen, source: {uri: "s3://kompass/data/tiny_mc"}, maxNewTokens: 400}]
"""


def wish(shared: Path, folder: Path, run: str | None, **settings: object) -> Wish:
    (folder / "run.yaml").write_text(MANIFEST, encoding="utf-8")
    values: dict[str, object] = {
        "files": (folder / "run.yaml",),
        "out": folder / "out",
        "run": run,
        "resume": False,
        "sources": (f"s3://kompass={shared}",),
        "parallelism": 1,
        "verbose": False,
    }
    return Wish(**{**values, **settings})  # type: ignore[arg-type]


def report_of(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "out" / "report" / "report.json").read_text())
    return report


def test_a_model_that_knows_everything_gets_full_marks(
    shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert carry_out(wish(shared, tmp_path, "right")) is Status.SUCCEEDED
    printed, said = capfd.readouterr()
    rows = [line.split() for line in printed.splitlines() if line.startswith("own-")]
    assert {row[0]: row[-1] for row in rows if row[2] == "accuracy"} == {
        f"own-{subject}": "100.00"
        for subject in ("arithmetic", "chemistry", "chinese", "geography", "literature")
    }
    assert re.match(r"dataset +version +metric +mode +tiny-mc", printed.strip())
    assert "Report:" in said
    report = report_of(tmp_path)
    assert report["completeness"] == {
        "planned": 68,
        "answered": 68,
        "duplicates": 0,
        "missing": [],
        "unexpected": 0,
    }
    files = {path.name for path in (tmp_path / "out" / "report").iterdir()}
    assert files == {
        "report.json",
        "report.csv",
        "report.txt",
        "report.md",
        "scores.csv",
        "lm_eval.json",
        "samples.jsonl.zst",
    }


def test_a_run_beside_one_that_measured_the_same_takes_its_results(
    shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = wish(shared, tmp_path, "right", reuse=True)
    assert carry_out(asked) is Status.SUCCEEDED
    table = capfd.readouterr().out
    assert carry_out(replace(asked, out=tmp_path / "again")) is Status.SUCCEEDED
    printed, said = capfd.readouterr()
    assert printed == table
    assert "measured the same; nothing was evaluated" in said
    assert not (tmp_path / "again" / "shards").exists()


def test_a_file_of_questions_needs_no_manifest(shared: Path, tmp_path: Path) -> None:
    quiz = tmp_path / "quiz.csv"
    quiz.write_text("question,A,B,answer\nWhich is wet?,water,dust,A\nWhich flies?,cow,owl,b\n")
    asked = Asked((str(shared / "models" / "tiny-mc"),), ModelType.BASE, gpus=0)
    asking = wish(shared, tmp_path, None, files=(quiz,), own=asked)
    assert carry_out(asking) is Status.SUCCEEDED
    (score,) = report_of(tmp_path)["scores"]
    assert (score["rowName"], score["n"]) == ("quiz", 2)


def test_processes_side_by_side_measure_the_same(shared: Path, tmp_path: Path) -> None:
    for name, parallelism in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        asked = wish(shared, tmp_path / name, "gaokao", parallelism=parallelism)
        assert carry_out(asked) is Status.SUCCEEDED
    one, two = (samples_of(tmp_path / name) for name in ("one", "two"))
    assert len(one) == 9 * 2 * 2
    assert one == two


def samples_of(folder: Path) -> list[tuple[object, ...]]:
    content = (folder / "out" / "report" / "samples.jsonl.zst").read_bytes()
    rows = [json.loads(line) for line in decompressed(content).splitlines()]
    return [(row["item"], row["prediction"], row["score"], row["promptHash"]) for row in rows]


def test_ctrl_c_stops_after_a_checkpoint_and_resume_goes_on(shared: Path, tmp_path: Path) -> None:
    asked = wish(shared, tmp_path, "long")
    command = [
        *(sys.executable, "-m", "kompass_worker.cli", "run", str(asked.files[0])),
        *("--run", "long", "--out", str(asked.out), "--source", asked.sources[0]),
    ]
    store = FolderStore(tmp_path / "out")
    environment = {**os.environ, "KOMPASS_PART_ITEMS": "8"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        while not ShardFolder(store, 0).parts():
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped; the answers so far are kept" in said
    assert "--resume" in said
    kept = sum(held.part.rows for held in ShardFolder(store, 0).parts())
    assert 8 <= kept < 68
    assert carry_out(wish(shared, tmp_path, "long", resume=True)) is Status.SUCCEEDED
    completeness = report_of(tmp_path)["completeness"]
    assert (completeness["answered"], completeness["duplicates"]) == (68, 0)


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        pytest.param(
            ("models/tiny-mc", "models/none"),
            Status.FAILED,
            r"ModelMissing.*none",
            id="no-model",
        ),
        pytest.param(
            ("[{name: own-prompt}]", "[{name: own-prompt, subjects: [geografy]}]"),
            Status.WRONG_USAGE,
            r"'geografy'; did you mean geography",
            id="no-subject",
        ),
        pytest.param(
            ("device: CPU", "device: CPU\n  maxSequenceLength: 16"),
            Status.FAILED,
            r"PromptTooLong.*the model takes 16",
            id="too-long",
        ),
    ],
)
def test_what_goes_wrong_is_said(
    shared: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    change: tuple[str, str],
    status: Status,
    message: str,
) -> None:
    asked = wish(shared, tmp_path, "right")
    asked.files[0].write_text(MANIFEST.replace(*change), encoding="utf-8")
    assert carry_out(asked) is status
    assert re.search(message, capfd.readouterr().err)
