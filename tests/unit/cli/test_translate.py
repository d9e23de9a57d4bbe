"""OpenCompass' command lines as manifests."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from kompass_worker.cli.manifests import read_manifests
from kompass_worker.cli.opencompass import Translation, translated
from kompass_worker.cli.usage import WrongUsage

HERE = Path("/home/me")
TUTORIAL = """
python run.py --datasets ceval_gen --hf-path /share/model/internlm2-chat-1_8b
  --tokenizer-path /share/model/internlm2-chat-1_8b
  --tokenizer-kwargs padding_side='left' truncation='left' trust_remote_code=True
  --model-kwargs device_map='auto' trust_remote_code=True
  --max-seq-len 1024 --max-out-len 16 --batch-size 2 --hf-num-gpus 1 --debug
"""


def line(text: str) -> Translation:
    return translated(shlex.split(text), HERE)


def spec(text: str, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = line(text).manifests[place]["spec"]
    return found


def test_the_tutorials_command_line() -> None:
    endpoint, run = line(TUTORIAL).manifests
    assert endpoint["spec"] == {
        "modelType": "Chat",
        "source": {"uri": "file:///share/model/internlm2-chat-1_8b"},
        "maxSequenceLength": 1024,
        "maxNewTokens": 16,
        "batchSize": 2,
        "longPrompt": "TruncateLeft",
        "huggingFace": {"paddingSide": "Left", "modelOptions": {"device_map": "auto"}},
    }
    assert run["spec"] == {
        "models": [{"name": "internlm2-chat-1-8b-hf"}],
        "benchmarks": [{"name": "ceval-gen"}],
        "profile": "opencompass@0.5",
    }


def test_what_silently_did_nothing_is_said() -> None:
    notes = "\n".join(line(TUTORIAL).notes)
    assert "--tokenizer-kwargs truncation='left': did nothing" in notes
    assert "--model-kwargs trust_remote_code=True: left out" in notes
    assert "--debug: kompass run is in the foreground anyway" in notes
    assert line(TUTORIAL).is_whole


def test_the_manifests_are_taken_by_validate(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(line(TUTORIAL).yaml(), encoding="utf-8")
    held = read_manifests([file])
    assert list(held.endpoints) == ["internlm2-chat-1-8b-hf"]
    assert list(held.runs) == ["internlm2-chat-1-8b-hf-ceval-gen"]


def test_a_command_line_of_0_2_4() -> None:
    text = "run.py --datasets ceval_ppl --hf-path a/b --num-gpus 2 --no-batch-padding"
    endpoint, run = line(f"{text} --max-seq-len 2048 --max-out-len 100").manifests
    assert endpoint["spec"]["modelType"] == "Base"
    assert endpoint["spec"]["dtype"] == "Float16"
    assert endpoint["spec"]["gpu"] == {"count": 2}
    assert endpoint["spec"]["longPrompt"] == "TruncateRight"
    assert run["spec"]["profile"] == "opencompass@0.2.4"


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        pytest.param("--hf-type base", "modelType", "Base", id="base"),
        pytest.param("--hf-num-gpus 0", "device", "CPU", id="cpu"),
        pytest.param("--hf-num-gpus 4", "gpu", {"count": 4}, id="gpus"),
        pytest.param("--stop-words A '\n\n'", "stopWords", ["A", "\n\n"], id="stop-words"),
        pytest.param("--model-kwargs torch_dtype='torch.float16'", "dtype", "Float16", id="dtype"),
        pytest.param(
            "--model-kwargs attn_implementation=sdpa",
            "huggingFace",
            {"attention": "Sdpa"},
            id="attention",
        ),
        pytest.param(
            "--peft-path ./adapter",
            "huggingFace",
            {"adapter": {"source": {"uri": "file:///home/me/adapter"}}},
            id="adapter",
        ),
        pytest.param(
            "--tokenizer-path other/tokenizer --tokenizer-kwargs use_fast=False",
            "huggingFace",
            {
                "tokenizer": {"uri": "hf://other/tokenizer"},
                "tokenizerOptions": {"use_fast": "false"},
            },
            id="tokenizer",
        ),
        pytest.param(
            "--tokenizer-kwargs truncation_side=right", "longPrompt", "TruncateRight", id="side"
        ),
    ],
)
def test_flags_of_the_model(flags: str, field: str, value: object) -> None:
    assert spec(f"--datasets ceval_gen --hf-path a/b {flags}")[field] == value


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        pytest.param("--max-num-workers 4", "sharding", {"shardsPerModel": 4}, id="workers"),
        pytest.param("--max-num-workers 4", "execution", {"parallelism": 4}, id="parallelism"),
        pytest.param("--retry 2", "retry", {"maxAttemptsPerShard": 3}, id="retry"),
    ],
)
def test_flags_of_the_run(flags: str, field: str, value: object) -> None:
    assert spec(f"--datasets ceval_gen --hf-path a/b {flags}", 1)[field] == value


@pytest.mark.parametrize(
    ("flags", "note"),
    [
        pytest.param("-a vllm", "--accelerator: no counterpart", id="accelerator"),
        pytest.param("-m eval -r", "--mode eval: say kompass rescore", id="mode"),
        pytest.param("-r", "--reuse: say kompass run --resume", id="reuse"),
        pytest.param("-w out", "--work-dir: say kompass run --out out", id="work-dir"),
        pytest.param("--slurm -p gpu", "--partition: no counterpart", id="slurm"),
        pytest.param("--pad-token-id 0", "--pad-token-id: did nothing that matters", id="zero"),
        pytest.param("--min-out-len 3", "--min-out-len: did nothing", id="min-out-len"),
        pytest.param(
            "--generation-kwargs temperature=0.7", "temperature=0.7: left out", id="temperature"
        ),
        pytest.param("--no-such-flag", "--no-such-flag: OpenCompass has no such", id="unknown"),
        pytest.param(
            "--model-kwargs foo=1", "--model-kwargs foo=1: no counterpart", id="model-option"
        ),
    ],
)
def test_what_has_no_counterpart_is_said(flags: str, note: str) -> None:
    notes = line(f"--datasets ceval_gen --hf-path a/b {flags}").notes
    assert any(note in held for held in notes)


@pytest.mark.parametrize(
    ("names", "benchmarks"),
    [
        pytest.param("ceval_gen", ["ceval-gen"], id="plain"),
        pytest.param("ceval_gen_5f30c7", ["ceval-gen"], id="with-version"),
        pytest.param("CEVAL_PPL_578f8d.py", ["ceval-ppl"], id="case-and-suffix"),
        pytest.param("ceval_gen/anything", ["ceval-gen"], id="variable"),
        pytest.param("ceval_gen ceval_ppl ceval_gen", ["ceval-gen", "ceval-ppl"], id="several"),
    ],
)
def test_names_of_data_sets(names: str, benchmarks: list[str]) -> None:
    found = spec(f"--hf-path a/b --datasets {names}", 1)["benchmarks"]
    assert [held["name"] for held in found] == benchmarks


def test_a_data_set_without_counterpart_makes_the_rest_incomplete() -> None:
    found = line("--hf-path a/b --datasets ceval_ppl ceval_ppl_ffffff")
    (note,) = found.notes
    assert not found.is_whole
    assert note.startswith("--datasets ceval_ppl_ffffff: no counterpart; nearest: ")
    assert "ceval_ppl_578f8d" in note


def test_data_that_has_to_be_named_is_said() -> None:
    found = line("--hf-path a/b --datasets gsm8k_gen")
    assert found.is_whole
    assert "benchmark gsm8k-gen brings no data: set source" in found.notes[0]


def test_a_data_file_of_ones_own_becomes_a_benchmark(tmp_path: Path) -> None:
    (tmp_path / "quiz.csv").write_text("question,A,B,answer\nWhich?,x,y,A\n", encoding="utf-8")
    words = shlex.split("--hf-path a/b --custom-dataset-path quiz.csv")
    _, benchmark, run = translated(words, tmp_path).manifests
    assert benchmark["kind"] == "Benchmark"
    assert benchmark["spec"]["data"]["source"] == {"uri": tmp_path.as_uri()}
    assert run["spec"]["benchmarks"] == [{"name": benchmark["metadata"]["name"]}]
    assert list(yaml.safe_load_all(translated(words, tmp_path).yaml()))[1] == benchmark


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("configs/eval_demo.py", "is a Python configuration", id="config"),
        pytest.param("--datasets ceval_gen", "no model: expected --hf-path", id="no-model"),
        pytest.param("--hf-path a/b", "nothing is left to evaluate on", id="no-data-set"),
        pytest.param("--hf-path a/b --datasets none_gen", "no counterpart", id="unknown-data-set"),
        pytest.param("--batch-size many", "would not take this command line", id="no-number"),
        pytest.param("--model-kwargs auto", "expected name=value", id="no-pair"),
    ],
)
def test_what_cannot_be_translated(text: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        line(text)
