"""A command line of OpenCompass as manifests that measure the same, and what they leave behind."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import yaml
from pydantic import BaseModel

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import MAX_RUN_NAME, EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resources import API_VERSION
from kompass_worker.benchmarks import builtin
from kompass_worker.cli.opencompass.benchmarks import found, hint, known
from kompass_worker.cli.opencompass.flags import OLD, parsed
from kompass_worker.cli.opencompass.models import endpoint_of, label
from kompass_worker.cli.opencompass.notes import Notes, left_behind
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.own_data import read_own_data
from kompass_worker.datasets.own_meta import DataType, InferMethod, OwnMeta

_MODELS: dict[str, type[BaseModel]] = {
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
    "EvalRun": EvalRun,
}


@dataclass(frozen=True)
class Translation:
    """Manifests, and what has to be said about them."""

    manifests: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    is_whole: bool
    """Whether every model and data set has its counterpart."""

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
    is_old = any(getattr(arguments, name) for name in OLD)
    models = _models(arguments, here, notes, is_old=is_old)
    own = _own_benchmarks(arguments, here)
    names, lost = _benchmarks(arguments, notes)
    left_behind(arguments, notes)
    for word in unknown:
        notes.add(word, "OpenCompass has no such flag, or not in the versions known here")
    names += [held["metadata"]["name"] for held in own]
    if not names:
        raise WrongUsage("\n".join([*notes.said, "nothing is left to evaluate on"]))
    run = _run(arguments, models, names, is_old=is_old)
    manifests = tuple(_checked(held) for held in (*models, *own, run))
    return Translation(manifests, tuple(notes.said), is_whole=bool(models) and not lost)


def _models(
    arguments: argparse.Namespace, here: PurePath, notes: Notes, *, is_old: bool
) -> list[dict[str, Any]]:
    for name in arguments.models:
        notes.add(
            f"--models {name}",
            "no counterpart: model configurations are OpenCompass' own; write a ModelEndpoint, or "
            "name the weights with --hf-path",
        )
    if arguments.hf_path:
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
    if not arguments.custom_dataset_path:
        return []
    path = here / arguments.custom_dataset_path
    kind, method = arguments.custom_dataset_data_type, arguments.custom_dataset_infer_method
    said = OwnMeta(
        data_type=DataType(kind) if kind else None,
        infer_method=InferMethod(method) if method else None,
    )
    meta = arguments.custom_dataset_meta_path
    made, _ = read_own_data(path, said, here / meta if meta else None)
    spec = made.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    spec["data"] = {"source": {"uri": path.parent.absolute().as_uri()}, **spec["data"]}
    metadata = {"name": made.name}
    return [{"apiVersion": API_VERSION, "kind": "Benchmark", "metadata": metadata, "spec": spec}]


def _run(
    arguments: argparse.Namespace,
    models: Sequence[dict[str, Any]],
    benchmarks: Sequence[str],
    *,
    is_old: bool,
) -> dict[str, Any]:
    named = [held["metadata"]["name"] for held in models] or ["NAME-OF-A-MODELENDPOINT"]
    first = benchmarks[0] if len(benchmarks) == 1 else f"{len(benchmarks)}-benchmarks"
    room = MAX_RUN_NAME - len(first) - 1
    name = f"{named[0][:room].rstrip('-')}-{first}" if room > 0 else first[:MAX_RUN_NAME]
    spec: dict[str, Any] = {
        "models": [{"name": label(model)} for model in named],
        "benchmarks": [{"name": benchmark} for benchmark in benchmarks],
        "profile": "opencompass@0.2.4" if is_old else "opencompass@0.5",
    }
    if arguments.max_num_workers and arguments.max_num_workers > 1:
        spec["sharding"] = {"shardsPerModel": arguments.max_num_workers}
        spec["execution"] = {"parallelism": arguments.max_num_workers}
    if arguments.retry:
        spec["retry"] = {"maxAttemptsPerShard": min(10, arguments.retry + 1)}
    metadata = {"name": label(name)}
    return {"apiVersion": API_VERSION, "kind": "EvalRun", "metadata": metadata, "spec": spec}


def _checked(manifest: dict[str, Any]) -> dict[str, Any]:
    _MODELS[manifest["kind"]].model_validate(manifest)
    return manifest
