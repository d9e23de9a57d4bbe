"""`kompass run FILE.csv --model MODEL`: the manifests that `kompass translate` would write for it.

Reads the data files, and the manifests of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import EvalRun, Profile
from kompass_api.modelendpoint import ModelEndpoint, ModelType
from kompass_worker.cli.documents import SUFFIXES
from kompass_worker.cli.manifests import Manifests, read_manifests
from kompass_worker.cli.opencompass.flags import parsed
from kompass_worker.cli.opencompass.models import endpoint_of
from kompass_worker.cli.opencompass.notes import Notes
from kompass_worker.cli.opencompass.places import path_at
from kompass_worker.cli.opencompass.resources import own_benchmark, run_of
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.own_data import FORMATS
from kompass_worker.datasets.own_meta import OwnMeta
from kompass_worker.errors import WorkerError

_MODEL: Final = "--model"
_EXPECTED: Final = (
    "a folder with weights, owner/name on the hub, or a YAML file with a ModelEndpoint"
)
_NOTHING_SAID: Final = OwnMeta()
_Named = TypeVar("_Named", ModelEndpoint, Benchmark)


@dataclass(frozen=True)
class Asked:
    """What is said beside data files."""

    models: tuple[str, ...] = ()
    """Folders, names on the hub, and YAML files with ModelEndpoints."""
    model_type: ModelType | None = None
    """Of models that are no YAML files; None as in OpenCompass: chat."""
    gpus: int | None = None
    """Of models that are no YAML files; 0 is the CPU."""
    said: OwnMeta = _NOTHING_SAID
    meta: Path | None = None

    def words(self) -> list[str]:
        """These as a command line has them."""
        options = [
            *((_MODEL, model) for model in self.models),
            ("--model-type", self.model_type),
            ("--gpus", self.gpus),
            ("--data-type", self.said.data_type),
            ("--infer-method", self.said.infer_method),
            ("--meta", self.meta),
        ]
        return [str(word) for option in options if option[1] is not None for word in option]


NOTHING_ASKED: Final = Asked()
"""Of a command line with manifests."""


def own_manifests(files: Sequence[Path], asked: Asked, here: Path) -> Manifests:
    """A Benchmark for each data file, and the run that puts them to the models."""
    _check(files, asked)
    benchmarks = _by_name("data files", [_benchmark(file, asked, here) for file in files])
    models = [held for model in asked.models for held in _endpoints(model, asked, here)]
    endpoints = _by_name(_MODEL, models)
    run = EvalRun.model_validate(run_of([*endpoints], [*benchmarks], Profile.OPENCOMPASS_05))
    return Manifests({run.metadata.name: run}, endpoints, benchmarks)


def plain_manifests(files: Sequence[Path], asked: Asked) -> Manifests:
    """The manifests of a command line that names no model; WrongUsage where it has to."""
    of_data = [file for file in files if file.suffix in FORMATS and file.suffix != ".json"]
    if of_data:
        raise WrongUsage(
            f"{of_data[0]} holds questions, and nothing says which model they are for: add "
            f"{_MODEL} MODEL, {_EXPECTED}"
        )
    if asked.words():
        raise WrongUsage(f"{asked.words()[0]} is for a file of questions that {_MODEL} is asked")
    return read_manifests(files)


def _check(files: Sequence[Path], asked: Asked) -> None:
    strangers = [file for file in files if file.suffix.lower() not in FORMATS]
    if strangers:
        raise WrongUsage(
            f"{strangers[0]}: {_MODEL} is asked a file of questions ({', '.join(FORMATS)}); "
            "manifests name their models themselves"
        )
    if asked.meta is not None and len(files) > 1:
        raise WrongUsage(
            f"--meta {asked.meta} can be of one file, here are {len(files)}: name it "
            "<data file>.meta.json and put it beside its file"
        )


def _benchmark(file: Path, asked: Asked, here: Path) -> Benchmark:
    try:
        made = own_benchmark(path_at("FILE", str(file), here), asked.said, asked.meta)
    except WorkerError as error:
        raise WrongUsage(str(error)) from error
    return Benchmark.model_validate(made)


def _endpoints(model: str, asked: Asked, here: Path) -> list[ModelEndpoint]:
    if Path(model).suffix not in SUFFIXES:
        return [_endpoint(model, asked, here)]
    if asked.model_type is not None or asked.gpus is not None:
        flag = "--model-type" if asked.model_type is not None else "--gpus"
        raise WrongUsage(f"{flag}: the ModelEndpoint in {model} says that itself: set it there")
    found = list(read_manifests([Path(model)]).endpoints.values())
    if not found:
        raise WrongUsage(f"{_MODEL} {model} holds no ModelEndpoint: expected {_EXPECTED}")
    return found


def _endpoint(model: str, asked: Asked, here: Path) -> ModelEndpoint:
    words = ["--hf-path", model]
    if asked.model_type is not None:
        words += ["--hf-type", asked.model_type.lower()]
    if asked.gpus is not None:
        words += ["--hf-num-gpus", str(asked.gpus)]
    flags, _ = parsed(words)
    made = endpoint_of(flags, here, Notes(), is_old=False, flag=_MODEL)
    return ModelEndpoint.model_validate(made)


def _by_name(whose: str, resources: Iterable[_Named]) -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for resource in resources:
        name = resource.metadata.name
        if name in found:
            raise WrongUsage(
                f"two {whose} are called {name}: run them one by one, or give one another name "
                "(abbr in <data file>.meta.json, metadata.name of a ModelEndpoint)"
            )
        found[name] = resource
    return found
