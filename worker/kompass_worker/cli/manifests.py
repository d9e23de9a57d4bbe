"""Kompass' documents in YAML files, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import ValidationError

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import nearest
from kompass_api.resources import API_VERSION

KINDS: Final[dict[str, type[EvalRun | ModelEndpoint | Benchmark]]] = {
    "EvalRun": EvalRun,
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
}
_Resource = TypeVar("_Resource", EvalRun, ModelEndpoint, Benchmark)


class WrongUsage(Exception):
    """What a person asked for cannot be done; the message says what to do instead."""


@dataclass(frozen=True)
class Manifests:
    """The documents of all files, by kind and name."""

    runs: dict[str, EvalRun]
    endpoints: dict[str, ModelEndpoint]
    benchmarks: dict[str, Benchmark]

    def run(self, name: str | None) -> EvalRun:
        """The run to carry out: the named one, or the only one."""
        if not self.runs:
            raise WrongUsage("no EvalRun in these files: add one, or name the file that has it")
        if name is None and len(self.runs) == 1:
            return next(iter(self.runs.values()))
        if name is None:
            raise WrongUsage(
                f"these files hold {len(self.runs)} EvalRuns ({', '.join(self.runs)}): choose one "
                "with --run NAME"
            )
        if name not in self.runs:
            raise WrongUsage(f"no EvalRun {name!r} in these files{nearest(name, self.runs)}")
        return self.runs[name]


@dataclass(frozen=True)
class _Document:
    place: str
    content: dict[str, Any]


def read_manifests(files: Sequence[Path]) -> Manifests:
    """Every document of the files, or WrongUsage with all that is wrong with them."""
    problems: list[str] = []
    resources: list[EvalRun | ModelEndpoint | Benchmark] = []
    for document in _documents(files):
        try:
            resources.append(_resource(document))
        except ValidationError as error:
            problems += _explained(document, error)
    if problems:
        raise WrongUsage("\n".join(problems))
    return Manifests(
        runs=_by_name(EvalRun, resources),
        endpoints=_by_name(ModelEndpoint, resources),
        benchmarks=_by_name(Benchmark, resources),
    )


def _documents(files: Sequence[Path]) -> Iterator[_Document]:
    for file in files:
        try:
            contents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise WrongUsage(f"{file}: {reason}") from error
        except yaml.YAMLError as error:
            raise WrongUsage(f"{file}: not YAML: {error}") from error
        for number, content in enumerate(contents, start=1):
            if content is not None:
                yield _document(f"{file}, document {number}", content)


def _document(place: str, content: object) -> _Document:
    if not isinstance(content, dict):
        raise WrongUsage(f"{place}: expected an object with apiVersion and kind")
    if content.get("kind") not in KINDS or content.get("apiVersion") != API_VERSION:
        raise WrongUsage(
            f"{place}: found apiVersion {content.get('apiVersion')!r}, kind "
            f"{content.get('kind')!r}; expected apiVersion {API_VERSION} and kind "
            f"{', '.join(KINDS)}"
        )
    return _Document(place, content)


def _resource(document: _Document) -> EvalRun | ModelEndpoint | Benchmark:
    return KINDS[document.content["kind"]].model_validate(document.content)


def _explained(document: _Document, error: ValidationError) -> Iterator[str]:
    kind = document.content["kind"]
    name = (document.content.get("metadata") or {}).get("name", "?")
    for problem in error.errors():
        field = ".".join(str(step) for step in problem["loc"]) or kind
        found = problem["input"]
        # Rules of ours say themselves what they found.
        is_ours = problem["type"] == "kompass_rule"
        is_short = isinstance(found, str | int | float | bool)
        shown = f" (found {found!r})" if is_short and not is_ours else ""
        hint = ""
        if problem["type"] == "extra_forbidden":
            hint = ": no such field; remove it or correct its name"
        yield f"{document.place}, {kind} {name}: {field}: {problem['msg']}{hint or shown}"


def _by_name(
    kind: type[_Resource], resources: Iterable[EvalRun | ModelEndpoint | Benchmark]
) -> dict[str, _Resource]:
    found: dict[str, _Resource] = {}
    for resource in resources:
        if not isinstance(resource, kind):
            continue
        if resource.metadata.name in found:
            raise WrongUsage(f"{resource.kind} {resource.metadata.name!r} is there more than once")
        found[resource.metadata.name] = resource
    return found
