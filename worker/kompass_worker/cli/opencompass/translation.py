"""A command line of OpenCompass as manifests that measure the same, and what they leave behind."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from kompass_api.evalrun import Profile
from kompass_worker.benchmarks import builtin
from kompass_worker.cli.opencompass.benchmarks import found, hint, known
from kompass_worker.cli.opencompass.checking import check
from kompass_worker.cli.opencompass.flags import OLD, given, parsed
from kompass_worker.cli.opencompass.models import endpoint_of
from kompass_worker.cli.opencompass.notes import Notes, left_behind, repeats
from kompass_worker.cli.opencompass.places import path_at
from kompass_worker.cli.opencompass.resources import own_benchmark, run_of
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.own_meta import DataType, InferMethod, OwnMeta

_MOST_ATTEMPTS: Final = 10
"""Of a shard, in spec.retry of an EvalRun."""


@dataclass(frozen=True)
class Translation:
    """Manifests, and what has to be said about them."""

    manifests: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    is_whole: bool
    """Whether every model and data set has its counterpart, asked as often."""

    def yaml(self) -> str:
        """The documents of one file."""
        return yaml.safe_dump_all(
            self.manifests, sort_keys=False, allow_unicode=True, explicit_start=True, width=100
        )


def translated(words: Sequence[str], here: Path) -> Translation:
    """The manifests of a command line that is meant for this folder."""
    arguments, unknown = parsed(words)
    notes = Notes()
    if arguments.config:
        raise WrongUsage(
            f"{arguments.config} is a Python configuration, which only OpenCompass can run: name "
            "its data sets with --datasets and its model with --hf-path, or write manifests "
            "(examples/ and docs/reference.md)"
        )
    is_old = any(name in OLD for name, _ in given(arguments))
    models = _models(arguments, here, notes, is_old=is_old)
    own = _own_benchmarks(arguments, here)
    names, lost = _benchmarks(arguments, notes)
    left_behind(arguments, notes)
    for word in unknown:
        notes.add(word, "OpenCompass has no such flag, or not in the versions known here")
    names += [held["metadata"]["name"] for held in own]
    if not names:
        raise WrongUsage("\n".join([*notes.said, "nothing is left to evaluate on"]))
    named = [held["metadata"]["name"] for held in models] or ["NAME-OF-A-MODELENDPOINT"]
    run = run_of(named, names, Profile.OPENCOMPASS_024 if is_old else Profile.OPENCOMPASS_05)
    _sharing(arguments, run["spec"], notes)
    manifests = (*models, *own, run)
    check(manifests, arguments)
    is_whole = not (arguments.models or lost or repeats(arguments))
    return Translation(manifests, tuple(notes.said), is_whole=is_whole)


def _models(
    arguments: argparse.Namespace, here: Path, notes: Notes, *, is_old: bool
) -> list[dict[str, Any]]:
    for name in arguments.models:
        notes.add(
            f"--models {name}",
            "no counterpart: model configurations are OpenCompass' own; write a ModelEndpoint, or "
            "name the weights with --hf-path",
        )
    if arguments.hf_path is not None:
        return [endpoint_of(arguments, here, notes, is_old=is_old)]
    if not arguments.models:
        raise WrongUsage("no model: expected --hf-path with the model's folder or hub name")
    return []


def _benchmarks(arguments: argparse.Namespace, notes: Notes) -> tuple[list[str], bool]:
    """Names of benchmarks, and whether a data set has none."""
    among = known()
    names: dict[str, None] = {}
    lost = False
    for name in arguments.datasets:
        held = found(name, among)
        names |= dict.fromkeys(held)
        for benchmark in held:
            if builtin(benchmark).data.source is None:
                notes.add(
                    f"--datasets {name}",
                    f"benchmark {benchmark} brings no data: set source beside its name to the "
                    "folder that has it (OpenCompass reads it below data/)",
                )
        if not held:
            lost = True
            notes.add(f"--datasets {name}", f"no counterpart{hint(name, among)}")
    return list(names), lost


def _own_benchmarks(arguments: argparse.Namespace, here: Path) -> list[dict[str, Any]]:
    if arguments.custom_dataset_path is None:
        return []
    path = path_at("--custom-dataset-path", arguments.custom_dataset_path, here)
    kind, method = arguments.custom_dataset_data_type, arguments.custom_dataset_infer_method
    said = OwnMeta(
        data_type=DataType(kind) if kind else None,
        infer_method=InferMethod(method) if method else None,
    )
    meta = arguments.custom_dataset_meta_path
    beside = None if meta is None else path_at("--custom-dataset-meta-path", meta, here)
    return [own_benchmark(path, said, beside)]


def _sharing(arguments: argparse.Namespace, spec: dict[str, Any], notes: Notes) -> None:
    """How the work is shared out, and what of it is tried again."""
    if arguments.max_num_workers is not None:
        spec["sharding"] = {"shardsPerModel": arguments.max_num_workers}
        spec["execution"] = {"parallelism": arguments.max_num_workers}
    if arguments.retry is not None:
        spec["retry"] = {"maxAttemptsPerShard": min(_MOST_ATTEMPTS, arguments.retry + 1)}
        if arguments.retry >= _MOST_ATTEMPTS:
            notes.add(
                f"--retry {arguments.retry}", f"a shard has at most {_MOST_ATTEMPTS} attempts"
            )
