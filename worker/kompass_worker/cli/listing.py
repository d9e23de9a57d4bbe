"""`kompass list`: the models and benchmarks that a run can name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from kompass_api.benchmark import Benchmark, BenchmarkSpec, Subject
from kompass_api.built_in import BUILT_IN
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import nearest
from kompass_worker.benchmarks import builtin, file_version, with_texts
from kompass_worker.benchmarks.catalogue import catalogue
from kompass_worker.cli.documents import files_in, read_documents
from kompass_worker.cli.manifests import Held, check_documents
from kompass_worker.cli.mappings import Mapping, mapped_source
from kompass_worker.cli.outputs import Column, Listing, Value
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.rows import read_subject
from kompass_worker.errors import WorkerError
from kompass_worker.locations import folder_of

BUILT_IN_PLACE: Final = "built in"


class What(StrEnum):
    """What can be listed."""

    MODELS = "models"
    BENCHMARKS = "benchmarks"


@dataclass(frozen=True)
class Found:
    """What there is to list, and what is wrong with the manifests."""

    models: tuple[Held, ...]
    benchmarks: tuple[Held, ...]
    problems: tuple[str, ...]


def found_in(paths: Sequence[Path]) -> Found:
    """The ModelEndpoints and Benchmarks of files and folders; other documents are left alone."""
    problems: list[str] = []
    documents = []
    for file in files_in(paths):
        try:
            documents += [held for held in read_documents(file) if held.is_ours]
        except WrongUsage as error:
            if file in paths:
                problems.append(str(error))
    checked = check_documents(documents)
    return Found(
        models=tuple(one for one in checked.held if isinstance(one.resource, ModelEndpoint)),
        benchmarks=tuple(one for one in checked.held if isinstance(one.resource, Benchmark)),
        problems=(*problems, *checked.refused),
    )


def listings(
    found: Found, what: What | None, words: Sequence[str], sources: Sequence[Mapping]
) -> dict[str, Listing]:
    """The tables asked for, with the rows that fit one of the words."""
    made = {}
    models = _models(found.models, words)
    if what is What.MODELS or (what is None and models.rows):
        made[What.MODELS.value] = models
    if what in {None, What.BENCHMARKS}:
        made[What.BENCHMARKS.value] = _benchmarks(found.benchmarks, words, sources)
    return made


def hints(found: Found, what: What | None, words: Sequence[str]) -> list[str]:
    """Near names for every word that nothing has in it."""
    named: dict[str, list[str]] = {}
    if what in {None, What.MODELS}:
        for one in found.models:
            if isinstance(one.resource, ModelEndpoint):
                named[one.resource.metadata.name] = _texts_of_model(one.resource)
    if what in {None, What.BENCHMARKS}:
        named |= {name: _texts_of(name, builtin(name)) for name in BUILT_IN}
        for one in found.benchmarks:
            if isinstance(one.resource, Benchmark):
                name = one.resource.metadata.name
                named[name] = _texts_of(name, one.resource.spec)
    return [
        f"Nothing has {word!r} in its name{nearest(word, named)}"
        for word in words
        if not any(matches([word], *texts) for texts in named.values())
    ]


def matches(words: Sequence[str], *texts: str) -> bool:
    """Whether one of the words is part of a text; case does not count, * and ? are wildcards."""
    patterns = [f"*{word.lower().replace('_', '-')}*" for word in words]
    held = [text.lower().replace("_", "-") for text in texts]
    return not words or any(fnmatchcase(text, one) for one in patterns for text in held)


def _models(held: Iterable[Held], words: Sequence[str]) -> Listing:
    columns = (
        Column("name"),
        Column("from"),
        Column("type", narrow=True),
        Column("backend", narrow=True),
        Column("device", narrow=True),
        Column("source"),
    )
    return Listing(columns, tuple(sorted(_model_rows(held, words), key=str)), "Models")


def _model_rows(held: Iterable[Held], words: Sequence[str]) -> Iterator[tuple[Value, ...]]:
    for one in held:
        resource = one.resource
        if not isinstance(resource, ModelEndpoint):
            continue
        spec = resource.spec
        source = spec.source.uri if spec.source else ""
        if matches(words, *_texts_of_model(resource)):
            device = None if spec.serving else spec.device.value
            kind, backend = spec.model_type.value, spec.backend.value
            place = one.document.place()
            yield resource.metadata.name, place, kind, backend, device, source or None


def _benchmarks(held: Iterable[Held], words: Sequence[str], sources: Sequence[Mapping]) -> Listing:
    columns = (
        Column("name", narrow=True),
        Column("from"),
        Column("dimension", narrow=True),
        Column("subjects", right=True, spare=True),
        Column("items", right=True),
        Column("method", narrow=True),
        Column("shots", right=True, spare=True),
        Column("version", narrow=True),
        Column("openCompass", only_data=True),
        Column("metric", only_data=True),
        Column("description", only_data=True),
    )
    own = {one.resource.metadata.name: one for one in held}
    rows = [
        _benchmark_row(name, one.document.place(), one.resource.spec, sources)
        for name, one in own.items()
        if isinstance(one.resource, Benchmark) and _fits(name, one.resource.spec, words)
    ]
    rows += [
        _benchmark_row(name, BUILT_IN_PLACE, builtin(name), sources)
        for name in BUILT_IN
        if name not in own and _fits(name, builtin(name), words)
    ]
    return Listing(columns, tuple(sorted(rows, key=lambda row: str(row[0]))), "Benchmarks")


def _fits(name: str, spec: BenchmarkSpec, words: Sequence[str]) -> bool:
    return matches(words, *_texts_of(name, spec))


def _texts_of(name: str, spec: BenchmarkSpec) -> list[str]:
    """What a word may be part of."""
    return [name, spec.open_compass.config if spec.open_compass else "", spec.dimension]


def _texts_of_model(model: ModelEndpoint) -> list[str]:
    return [model.metadata.name, model.spec.source.uri if model.spec.source else ""]


def _benchmark_row(
    name: str, place: str, spec: BenchmarkSpec, sources: Sequence[Mapping]
) -> tuple[Value, ...]:
    subjects = subjects_of(spec)
    folder = _local_folder(spec, sources)
    if folder is not None:
        subjects = catalogue(spec, folder).subjects
    return (
        name,
        place,
        spec.dimension.value,
        len(subjects) or None,
        None if folder is None else _items(spec, subjects, folder),
        spec.method.value,
        len(spec.examples.ids) or spec.examples.count,
        _version(spec, subjects, folder),
        spec.open_compass.config if spec.open_compass else None,
        spec.metric.name,
        spec.description,
    )


def _version(spec: BenchmarkSpec, subjects: Sequence[Subject], folder: Path | None) -> str | None:
    """OpenCompass' six digits; unknown without the texts beside the data that they cover."""
    if not subjects or (spec.data.texts and folder is None):
        return None
    try:
        whole = [with_texts(spec, one, folder) if folder else one for one in subjects]
    except WorkerError:
        return None
    return file_version(spec, whole)


def subjects_of(spec: BenchmarkSpec) -> tuple[Subject, ...]:
    """The subjects that the benchmark itself names; its data may name others."""
    if spec.subjects_of is not None:
        return subjects_of(builtin(spec.subjects_of))
    return tuple(spec.subjects)


def _local_folder(spec: BenchmarkSpec, sources: Sequence[Mapping]) -> Path | None:
    """The folder of the data, where it is on this machine."""
    if spec.data.source is None:
        return None
    source = mapped_source(spec.data.source, sources)
    if not source.uri.startswith("file://"):
        return None
    folder = folder_of(source.uri)
    return folder if folder.is_dir() else None


def _items(spec: BenchmarkSpec, subjects: Sequence[Subject], folder: Path) -> int | None:
    """Questions of all subjects; unknown where one of the files is not there or not right."""
    split = spec.data.test_split
    try:
        return sum(len(read_subject(folder, spec, one, split).rows) for one in subjects)
    except WorkerError:
        return None
