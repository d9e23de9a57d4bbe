"""The flags of OpenCompass' `run.py`, today's and those of 0.2.4.

Pure.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn

from kompass_worker.cli.usage import WrongUsage

KeyValues = dict[str, object]

OLD: Final = ("num_gpus", "no_batch_padding", "max_partition_size", "gen_task_coef", "mm_eval")
"""Flags by which a command line for 0.2.4 and before is known."""

_SWITCHES: Final = (
    "--slurm",
    "--dlc",
    "--debug",
    "--dry-run",
    "--config-verbose",
    "--dump-res-length",
    "--analysis-repeat",
    "--dump-extract-rate",
    "--station-overwrite",
    "--read-from-station",
    "--no-batch-padding",
    "--mm-eval",
)
_TEXTS: Final = (
    "--summarizer",
    "--config-dir",
    "--dump-only-message-path",
    "--qos",
    "--aliyun-cfg",
    "--hf-path",
    "--tokenizer-path",
    "--peft-path",
    "--custom-dataset-path",
    "--custom-dataset-meta-path",
)
_NUMBERS: Final = (
    "--max-num-workers",
    "--max-workers-per-gpu",
    "--max-partition-size",
    "--gen-task-coef",
    "--retry",
    "--dataset-num-runs",
    "--max-seq-len",
    "--max-out-len",
    "--min-out-len",
    "--batch-size",
    "--num-gpus",
    "--hf-num-gpus",
    "--pad-token-id",
)
_KEY_VALUES: Final = (
    "--model-kwargs",
    "--tokenizer-kwargs",
    "--peft-kwargs",
    "--generation-kwargs",
)
_LISTS: Final = ("--models", "--datasets", "--stop-words")
_PROGRAM: Final = re.compile(r"(.*/)?(python[0-9.]*|run\.py|opencompass)")
_SETTING: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")


def parsed(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """What the words set, and those that nobody knows; `python run.py` may stand before them."""
    return parser().parse_known_args(_arguments(words))


def given(arguments: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """Name and value of everything that is set, were it to 0 or to an empty text."""
    for name, value in vars(arguments).items():
        if value is not None and value is not False and value != []:
            yield name, value


def flag_of(name: str) -> str:
    """The flag that sets a name."""
    return f"--{name.replace('_', '-')}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"OpenCompass would not take this command line: {message}")


def parser() -> argparse.ArgumentParser:
    """What knows every flag."""
    parser = _Parser(add_help=False, argument_default=None)
    parser.add_argument("config", nargs="?")
    for flag in _SWITCHES:
        parser.add_argument(flag, action="store_true")
    for flag in _TEXTS:
        parser.add_argument(flag)
    for flag in _NUMBERS:
        parser.add_argument(flag, type=int)
    for flag in _LISTS:
        parser.add_argument(flag, nargs="+", default=[])
    for flag in _KEY_VALUES:
        parser.add_argument(flag, nargs="+", type=_key_value, default=[])
    parser.add_argument("-a", "--accelerator", choices=["vllm", "lmdeploy"])
    parser.add_argument("-m", "--mode", choices=["all", "infer", "eval", "viz"], default="all")
    parser.add_argument("-r", "--reuse", nargs="?", const="latest")
    parser.add_argument("-w", "--work-dir")
    parser.add_argument("-l", "--lark", action="store_true")
    parser.add_argument("-p", "--partition")
    parser.add_argument("-q", "--quotatype")
    parser.add_argument("-sp", "--station-path")
    parser.add_argument("--dump-eval-details", nargs="?", const="True")
    parser.add_argument("--hf-type", choices=["base", "chat"])
    parser.add_argument("--custom-dataset-data-type", choices=["mcq", "qa", "circular-mcq"])
    parser.add_argument("--custom-dataset-infer-method", choices=["gen", "ppl"])
    return parser


def _arguments(words: Sequence[str]) -> list[str]:
    """Without what calls the program: VARIABLE=value, python -u, run.py."""
    rest = list(words)
    called = False
    while rest:
        is_program = _PROGRAM.fullmatch(rest[0]) is not None
        is_setting = not called and _SETTING.fullmatch(rest[0]) is not None
        is_switch = called and rest[0] in {"-u", "-X", "-B"}
        if not (is_program or is_setting or is_switch):
            break
        called = called or is_program
        rest.pop(0)
    return rest


def _key_value(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected name=value, found {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError):
        return name, value
