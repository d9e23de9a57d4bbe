"""No flag of OpenCompass is taken and forgotten."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

import pytest

from kompass_worker.cli.opencompass import Translation, translated
from kompass_worker.cli.opencompass.flags import parser
from kompass_worker.cli.usage import WrongUsage

HERE = Path("/home/me/here")
MODEL = "--datasets ceval_gen --hf-path a/b"
CONFIGURED = "--datasets ceval_gen --models hf_internlm2_7b"
FLAGS = [action for action in parser()._actions if action.option_strings]
NUMBERS = [action for action in FLAGS if action.type is int]
VALUES = {
    "--datasets": ["ceval_ppl"],
    "--custom-dataset-path": ["quiz.csv"],
    "--hf-path": ["c/d"],
    "--generation-kwargs": ["temperature=0.7"],
    "--model-kwargs": ["torch_dtype=torch.float16"],
    "--tokenizer-kwargs": ["use_fast=False"],
    "--peft-kwargs": ["a=1"],
    "--custom-dataset-data-type": ["qa"],
}


def name(action: argparse.Action) -> str:
    return action.option_strings[-1]


def values(action: argparse.Action) -> list[str]:
    if action.nargs == 0:
        return []
    if action.choices:
        return [next(one for one in action.choices if one != action.default)]
    return VALUES.get(name(action), ["16"] if action.type is int else ["x/y"])


def line(text: str, *more: str, here: Path = HERE) -> Translation:
    return translated([*shlex.split(text), *more], here)


def is_told(flag: str, found: Translation, plain: Translation) -> bool:
    named = any(note.startswith((f"{flag}:", f"{flag} ")) for note in found.notes)
    return named or found.manifests != plain.manifests


@pytest.mark.parametrize("plain", [MODEL, CONFIGURED], ids=["hf-path", "models"])
@pytest.mark.parametrize("action", FLAGS, ids=name)
def test_every_flag_shows_in_the_manifests_or_the_notes(
    action: argparse.Action, plain: str, tmp_path: Path
) -> None:
    (tmp_path / "quiz.csv").write_text("question,answer\nWhich?,x\n", encoding="utf-8")
    found = line(plain, name(action), *values(action), here=tmp_path)
    assert is_told(name(action), found, line(plain))


@pytest.mark.parametrize("plain", [MODEL, CONFIGURED], ids=["hf-path", "models"])
@pytest.mark.parametrize("action", NUMBERS, ids=name)
def test_no_zero_is_taken_for_nothing(action: argparse.Action, plain: str) -> None:
    refused, told = "", False
    try:
        told = is_told(name(action), line(plain, name(action), "0"), line(plain))
    except WrongUsage as error:
        refused = str(error)
    assert told or refused.startswith(f"{name(action)} 0: ")


def run(flags: str) -> dict[str, Any]:
    found: dict[str, Any] = line(f"{MODEL} {flags}").manifests[1]["spec"]
    return found


def test_no_retry_is_one_attempt() -> None:
    assert run("--retry 0")["retry"] == {"maxAttemptsPerShard": 1}


def test_more_attempts_than_there_can_be_are_said() -> None:
    assert run("--retry 20")["retry"] == {"maxAttemptsPerShard": 10}
    assert "--retry 20: a shard has at most 10 attempts" in line(f"{MODEL} --retry 20").notes


def test_one_worker_is_one_shard_at_a_time() -> None:
    assert run("--max-num-workers 1")["execution"] == {"parallelism": 1}


def test_no_gpus_of_0_2_4_are_a_command_line_of_0_2_4() -> None:
    endpoint, held = line(f"{MODEL} --num-gpus 0").manifests
    assert (endpoint["spec"]["modelType"], endpoint["spec"]["device"]) == ("Base", "CPU")
    assert held["spec"]["profile"] == "opencompass@0.2.4"


@pytest.mark.parametrize(
    ("flags", "note"),
    [
        pytest.param("--dataset-num-runs 4", "spec.generation.samples: 4", id="runs"),
        pytest.param("--dataset-num-runs 1", "--dataset-num-runs: did nothing", id="one-run"),
        pytest.param(
            "--hf-num-gpus 2 --num-gpus 4", "--num-gpus: did nothing beside --hf-num-gpus", id="two"
        ),
        pytest.param(
            "--hf-num-gpus 4 --model-kwargs device_map=cpu", "--hf-num-gpus 4: left out", id="cpu"
        ),
        pytest.param(
            "--custom-dataset-data-type mcq",
            "--custom-dataset-data-type: did nothing without --custom-dataset-path",
            id="own-data",
        ),
    ],
)
def test_what_does_not_reach_the_manifests_is_said(flags: str, note: str) -> None:
    assert any(note in held for held in line(f"{MODEL} {flags}").notes)


@pytest.mark.parametrize(
    ("flags", "is_whole"),
    [
        pytest.param("--dataset-num-runs 4", False, id="other-runs"),
        pytest.param("--dataset-num-runs 1", True, id="one-run"),
        pytest.param("--models hf_internlm2_7b", False, id="model-configuration"),
    ],
)
def test_what_measures_something_else_is_not_whole(flags: str, is_whole: bool) -> None:
    assert line(f"{MODEL} {flags}").is_whole is is_whole
