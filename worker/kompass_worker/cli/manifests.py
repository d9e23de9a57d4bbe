"""Kompass' documents in YAML files, checked before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import EvalRun
from kompass_api.evalsuite import EvalSuite
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import nearest
from kompass_api.resources import API_VERSION
from kompass_worker.cli.documents import Document, read_documents
from kompass_worker.cli.refusals import refusals
from kompass_worker.cli.usage import WrongUsage

Resource = EvalRun | EvalSuite | ModelEndpoint | Benchmark

KINDS: Final[dict[str, type[EvalRun | EvalSuite | ModelEndpoint | Benchmark]]] = {
    "EvalRun": EvalRun,
    "EvalSuite": EvalSuite,
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
}
_Resource = TypeVar("_Resource", EvalRun, ModelEndpoint, Benchmark)


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
class Held:
    """A resource, and the document it was read from."""

    resource: Resource
    document: Document


@dataclass(frozen=True)
class Checked:
    """What the files hold, and what is wrong with them, a line each."""

    held: tuple[Held, ...]
    refused: tuple[str, ...]
    """Of documents that are no resources."""
    problems: tuple[str, ...]
    """These, keys that are there twice, and names."""
    titles: frozenset[str]
    """Kind and name of everything that is there, right or wrong."""

    def manifests(self) -> Manifests:
        """The resources that are right."""
        resources = [one.resource for one in self.held]
        return Manifests(
            runs=_by_name(EvalRun, resources),
            endpoints=_by_name(ModelEndpoint, resources),
            benchmarks=_by_name(Benchmark, resources),
        )


def read_manifests(files: Sequence[Path]) -> Manifests:
    """Every document of the files, or WrongUsage with all that is wrong with them."""
    checked = check_documents(document for file in files for document in read_documents(file))
    if checked.problems:
        raise WrongUsage("\n".join(checked.problems))
    return checked.manifests()


def check_documents(documents: Iterable[Document]) -> Checked:
    """The documents as resources; every problem names file, line and field."""
    held: list[Held] = []
    refused: list[str] = []
    repeated: list[str] = []
    titles: set[str] = set()
    for document in documents:
        kind = document.content.get("kind")
        if kind not in KINDS or document.content.get("apiVersion") != API_VERSION:
            refused.append(_stranger(document))
            continue
        titles.add(title_of(document))
        repeated += _repeated(document)
        try:
            held.append(Held(_resource(document), document))
        except ValidationError as error:
            refused += _refused(document, error)
    problems = (*refused, *repeated, *_taken(held))
    return Checked(tuple(held), tuple(refused), problems, frozenset(titles))


def title_of(document: Document) -> str:
    """Kind and name, such as `EvalRun nightly`."""
    metadata = document.content.get("metadata")
    name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"
    return f"{document.content.get('kind')} {name}"


def _resource(document: Document) -> Resource:
    # JSON in strict mode, as the API server reads it: "4" is no number, 1 is no truth.
    content = json.dumps(document.content, default=str)
    return KINDS[document.content["kind"]].model_validate_json(content, strict=True)


def _stranger(document: Document) -> str:
    content = document.content
    return (
        f"{document.place()}: found apiVersion {content.get('apiVersion')!r}, kind "
        f"{content.get('kind')!r}; expected apiVersion {API_VERSION} and kind {', '.join(KINDS)}"
    )


def _refused(document: Document, error: ValidationError) -> Iterator[str]:
    model = KINDS[document.content["kind"]]
    for refusal in refusals(model, error):
        place = document.place(refusal.path)
        field = f"{refusal.field}: " if refusal.field else ""
        yield f"{place}: {title_of(document)}: {field}{refusal.message}"


def _repeated(document: Document) -> Iterator[str]:
    for line, key in document.repeated_keys():
        yield (
            f"{document.file}:{line}: {title_of(document)}: key {key!r} is already set in this "
            "object: keep one of them"
        )


def _taken(held: Iterable[Held]) -> Iterator[str]:
    first: dict[str, Document] = {}
    for one in held:
        title = title_of(one.document)
        before = first.setdefault(title, one.document)
        if before is not one.document:
            path = ("metadata", "name")
            yield (
                f"{one.document.place(path)}: {title} is there more than once (first in "
                f"{before.place(path)}): remove one, or give it another name"
            )


def _by_name(kind: type[_Resource], resources: Iterable[Resource]) -> dict[str, _Resource]:
    return {held.metadata.name: held for held in resources if isinstance(held, kind)}
