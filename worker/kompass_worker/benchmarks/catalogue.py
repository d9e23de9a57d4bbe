"""The subjects and groups of a benchmark: its own, another's, or those of the data's mapping.

Reads the package's YAML files, and of a data folder `subject_mapping.json` and the texts beside the
rows; no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from kompass_api.benchmark import BenchmarkSpec, Group, Subject
from kompass_api.built_in import BUILT_IN
from kompass_api.data import DataText, SubjectName
from kompass_api.outcomes import FailureClass
from kompass_api.resolution import nearest
from kompass_worker.datasets.files import text_of_file
from kompass_worker.datasets.subjects import subjects_in
from kompass_worker.errors import InvalidData, InvalidRequest

MAPPING_FILE: Final = "subject_mapping.json"

_CATEGORIES: Final = ("STEM", "Social Science", "Humanities", "Other")
"""C-Eval's order of the groups; other categories follow as they come."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C reads all built-in files in a tenth of the time."""

_Text = Annotated[str, Field(min_length=1, max_length=256)]
_MAPPING: Final = TypeAdapter(dict[SubjectName, tuple[str, _Text, _Text]])


@dataclass(frozen=True)
class Catalogue:
    """What a benchmark consists of, in the order of its table."""

    subjects: tuple[Subject, ...]
    groups: tuple[Group, ...]


@cache
def builtin(name: str) -> BenchmarkSpec:
    """The built-in benchmark of this name."""
    if name not in BUILT_IN:
        raise InvalidRequest(
            f"benchmark {name!r} is not built in{nearest(name, BUILT_IN)}",
            failure=FailureClass.UNKNOWN_BENCHMARK,
        )
    text = (files("kompass_worker.benchmarks") / f"{name}.yaml").read_text("utf-8")
    return BenchmarkSpec.model_validate(yaml.load(text, _LOADER))  # noqa: S506  (a safe one)


def catalogue(spec: BenchmarkSpec, folder: Path) -> Catalogue:
    """The benchmark's subjects and groups.

    A mapping in the data folder takes the place of what the benchmark names; the subjects of a
    benchmark that names none are those with a file of the test split.
    """
    path = folder / MAPPING_FILE
    known = _mapped(spec, path) if path.is_file() else named(spec)
    if not known.subjects:
        known = replace(known, subjects=subjects_in(folder, spec.data))
    if not known.subjects:
        raise InvalidRequest(
            f"the benchmark names no subjects and {folder} has no {MAPPING_FILE} and no file like "
            f"{spec.data.path} of the split {spec.data.test_split}: list spec.subjects in the "
            "Benchmark, or put the files there"
        )
    return known


def with_texts(spec: BenchmarkSpec, subject: Subject, folder: Path) -> Subject:
    """The subject with the texts that lie beside its rows among its values."""
    if not spec.data.texts:
        return subject
    found = {held.name: _text(held, subject, folder) for held in spec.data.texts}
    return subject.model_copy(update={"values": {**subject.values, **found}})


def named(spec: BenchmarkSpec) -> Catalogue:
    """The subjects and groups that a benchmark names, or has from the one in subjectsOf."""
    if spec.subjects_of is None:
        return Catalogue(tuple(spec.subjects), tuple(spec.groups))
    other = named(builtin(spec.subjects_of))
    subjects = tuple(spec.subjects) or other.subjects
    names = {subject.name for subject in subjects}
    whole = tuple(group for group in other.groups if names.issuperset(group.subjects))
    return Catalogue(subjects, tuple(spec.groups) or whole)


def text_files(spec: BenchmarkSpec, subject: Subject) -> list[str]:
    """Files of the texts beside a subject's rows, below the data folder."""
    return [_file(held, subject) for held in spec.data.texts]


def select(known: Catalogue, wanted: Sequence[str]) -> tuple[Subject, ...]:
    """The wanted subjects in the table's order; all of them where none is named."""
    if not wanted:
        return known.subjects
    names = {subject.name for subject in known.subjects}
    unknown = [name for name in wanted if name not in names]
    if unknown:
        hints = "; ".join(f"{name!r}{nearest(name, names)}" for name in unknown[:5])
        raise InvalidRequest(
            f"the benchmark has no such subject: {hints}",
            failure=FailureClass.UNKNOWN_SUBJECT,
        )
    return tuple(subject for subject in known.subjects if subject.name in set(wanted))


def row_name(spec: BenchmarkSpec, subject: str) -> str:
    """Name of the subject's row in the table."""
    return spec.row_name.replace("{subject}", subject)


def _text(held: DataText, subject: Subject, folder: Path) -> str:
    file = _file(held, subject)
    lines = text_of_file(folder, file).replace("\r\n", "\n").split("\n")
    begin = _line_of(held.after, lines, file) + 1 if held.after else 0
    end = _line_of(held.until, lines, file, begin) if held.until else len(lines)
    return "\n".join(lines[begin:end])


def _line_of(mark: str, lines: Sequence[str], file: str, begin: int = 0) -> int:
    try:
        return lines.index(mark, begin)
    except ValueError:
        behind = f" behind line {begin}" if begin else ""
        raise InvalidData(
            f"{file} has no line {mark!r}{behind}, where a text of data.texts begins or ends: "
            "correct the file, or after and until"
        ) from None


def _file(held: DataText, subject: Subject) -> str:
    return held.path.replace("{subject}", subject.name)


def _mapped(spec: BenchmarkSpec, path: Path) -> Catalogue:
    mapping = _mapping(path)
    known = Catalogue(
        tuple(Subject(name=name, title=title) for name, (_, title, _) in mapping.items()),
        tuple(_groups(spec, {name: category for name, (_, _, category) in mapping.items()})),
    )
    rows = {row_name(spec, subject.name) for subject in known.subjects}
    clash = sorted(rows & {group.name for group in known.groups})
    if clash:
        raise InvalidData(
            f"{path.name}: the subject of row {clash[0]!r} has the name of a group: rename the "
            "subject or its category"
        )
    return known


def _mapping(path: Path) -> Mapping[str, tuple[str, str, str]]:
    try:
        found = _MAPPING.validate_python(json.loads(path.read_text("utf-8-sig")), strict=False)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidData(f"{path.name} is not JSON in UTF-8: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "top level"
        raise InvalidData(
            f"{path.name}: {place}: {first['msg']}; expected an object of "
            "subject -> [English title, Chinese title, category]"
        ) from error
    if not found:
        raise InvalidData(f"{path.name} names no subject: add one, or remove the file")
    return found


def _groups(spec: BenchmarkSpec, categories: Mapping[str, str]) -> Iterable[Group]:
    prefix = spec.row_name.partition("{subject}")[0].rstrip("-_.")
    found = dict.fromkeys(categories.values())
    for category in (*_CATEGORIES, *(name for name in found if name not in _CATEGORIES)):
        members = [name for name, held in categories.items() if held == category]
        if members:
            slug = "-".join(category.lower().split())
            yield Group(name=f"{prefix}-{slug}" if prefix else slug, subjects=members)
    # OpenCompass' word for a mean over everything, where no prefix names the whole.
    yield Group(name=prefix or "average", subjects=list(categories))
