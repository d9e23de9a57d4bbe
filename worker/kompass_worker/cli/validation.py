"""`kompass validate`: everything that can be known of manifests without a cluster or a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kompass_api.benchmark import Benchmark, BenchmarkSpec
from kompass_api.built_in import BUILT_IN
from kompass_api.evalrun import EvalRun
from kompass_api.evalsuite import EvalSuite
from kompass_api.resolution import ReportPlace, Surroundings, nearest, resolve
from kompass_api.rundocument import ResolvedStorage
from kompass_api.scoring import ExtractionStep, Metric
from kompass_worker.benchmarks import builtin
from kompass_worker.cli.documents import FieldPath, files_in, read_documents
from kompass_worker.cli.manifests import Checked, Held, Manifests, check_documents, title_of
from kompass_worker.cli.refusals import field_name
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.datasets.expressions import Expression
from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.extraction import EXTRACTORS
from kompass_worker.scoring.metrics import METRICS

_STORAGE: Final = ResolvedStorage(uri="s3://results/run")
"""Stands for the operator's default, which nobody here knows."""


@dataclass(frozen=True)
class Validation:
    """What was looked at, and what is wrong with it."""

    documents: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Finding:
    path: FieldPath
    message: str


def validate(paths: Sequence[Path], *, in_cluster: bool) -> Validation:
    """Check the files; with `in_cluster` a run may name what only its namespace holds."""
    files = files_in(paths)
    problems: list[str] = []
    documents = []
    for file in files:
        try:
            documents += read_documents(file)
        except WrongUsage as error:
            problems.append(str(error))
    checked = check_documents(documents)
    problems += checked.problems
    for held in checked.held:
        problems += _told(held, _findings(held, checked, in_cluster=in_cluster))
    return Validation(len(documents), tuple(sorted(problems, key=_place_in(files))))


def _place_in(files: Sequence[Path]) -> Callable[[str], tuple[int, int]]:
    """Order of problems: the files as they were named, then line by line."""

    def place(problem: str) -> tuple[int, int]:
        for number, file in enumerate(files):
            if problem.startswith(f"{file}:"):
                line = problem.removeprefix(f"{file}:").partition(":")[0]
                return number, int(line) if line.isdigit() else 0
        return len(files), 0

    return place


def _told(held: Held, findings: Iterator[_Finding]) -> Iterator[str]:
    model = type(held.resource)
    for finding in findings:
        place = held.document.place(finding.path)
        field = field_name(model, finding.path)
        yield f"{place}: {title_of(held.document)}: {field}: {finding.message}"


def _findings(held: Held, checked: Checked, *, in_cluster: bool) -> Iterator[_Finding]:
    if isinstance(held.resource, Benchmark):
        yield from _of_benchmark(held.resource.spec)
    if isinstance(held.resource, EvalRun):
        yield from _of_run(held.resource, checked, in_cluster=in_cluster)
    if isinstance(held.resource, EvalSuite):
        for finding in _of_run(_whole(held.resource), checked, in_cluster=in_cluster):
            yield _Finding(("spec", "template", *finding.path), finding.message)


def _whole(suite: EvalSuite) -> EvalRun:
    """All of a suite's runs as one."""
    return EvalRun(metadata=suite.metadata, spec=suite.spec.template.spec)


def _of_run(run: EvalRun, checked: Checked, *, in_cluster: bool) -> Iterator[_Finding]:
    around = checked.manifests()
    if not in_cluster:
        yield from _unknown(run, around, checked.titles)
    yield from _without_data(run, checked.titles)
    if not _is_closed(run, around):
        return
    # What is wrong wherever it runs: a folder is wrong in a cluster, a claim outside of one.
    said = [
        resolve(run, _surroundings(run, around, in_cluster=place), _STORAGE)
        for place in (True, False)
    ]
    problems = [[held.message for held in one] if isinstance(one, list) else [] for one in said]
    for message in problems[0]:
        if message in problems[1]:
            yield _Finding(_place_of(message, run), message)


def _surroundings(run: EvalRun, around: Manifests, *, in_cluster: bool) -> Surroundings:
    """What the run names; whether its gates' baselines have finished only a cluster knows."""
    baselines = [gate.baseline.run for gate in run.spec.gates if gate.baseline is not None]
    finished = ReportPlace(_STORAGE.uri, is_finished=True)
    return Surroundings(
        around.endpoints,
        around.benchmarks,
        in_cluster=in_cluster,
        reports={name: finished for name in baselines if name is not None},
    )


def _unknown(run: EvalRun, around: Manifests, titles: frozenset[str]) -> Iterator[_Finding]:
    """What the run names and no document has; one that is wrong has been told of already."""
    where = "(name its file too, or say --in-cluster)"
    for place, model in enumerate(run.spec.models):
        if f"ModelEndpoint {model.name}" not in titles:
            hint = nearest(model.name, around.endpoints)
            yield _Finding(
                ("spec", "models", place, "name"),
                f"ModelEndpoint {model.name!r} is not in these files {where}{hint}",
            )
    known = [*BUILT_IN, *around.benchmarks]
    for place, ref in enumerate(run.spec.benchmarks):
        if ref.name not in BUILT_IN and f"Benchmark {ref.name}" not in titles:
            yield _Finding(
                ("spec", "benchmarks", place, "name"),
                f"benchmark {ref.name!r} is neither built in nor in these files {where}"
                f"{nearest(ref.name, known)}",
            )


def _without_data(run: EvalRun, titles: frozenset[str]) -> Iterator[_Finding]:
    for place, ref in enumerate(run.spec.benchmarks):
        is_built_in = ref.name in BUILT_IN and f"Benchmark {ref.name}" not in titles
        if is_built_in and ref.source is None and builtin(ref.name).data.source is None:
            yield _Finding(
                ("spec", "benchmarks", place, "name"),
                f"benchmark {ref.name!r} brings no data: set source beside its name to the folder "
                "that has it",
            )


def _is_closed(run: EvalRun, around: Manifests) -> bool:
    return all(model.name in around.endpoints for model in run.spec.models) and all(
        ref.name in BUILT_IN or ref.name in around.benchmarks for ref in run.spec.benchmarks
    )


def _place_of(message: str, run: EvalRun) -> FieldPath:
    """The reference that a message speaks of: the first it names."""
    named = [
        (message.find(repr(name)), ("spec", part, place, "name"))
        for part, names in (
            ("models", [model.name for model in run.spec.models]),
            ("benchmarks", [ref.name for ref in run.spec.benchmarks]),
        )
        for place, name in enumerate(names)
    ]
    found = [(at, path) for at, path in named if at >= 0]
    return min(found)[1] if found else ("spec",)


def _of_benchmark(spec: BenchmarkSpec) -> Iterator[_Finding]:
    yield from _expressions(spec)
    yield from _rules(("spec",), spec.extraction, spec.metric)
    for place, subject in enumerate(spec.subjects):
        if subject.scoring is not None:
            path = ("spec", "subjects", place, "scoring")
            yield from _rules(path, subject.scoring.extraction, subject.scoring.metric)
    if spec.subjects_of is not None and spec.subjects_of not in BUILT_IN:
        yield _Finding(
            ("spec", "subjectsOf"),
            f"no built-in benchmark {spec.subjects_of!r}{nearest(spec.subjects_of, BUILT_IN)}",
        )
    yield from _groups(spec)


def _groups(spec: BenchmarkSpec) -> Iterator[_Finding]:
    known = [subject.name for subject in spec.subjects]
    for place, group in enumerate(spec.groups if known else []):
        for at, name in enumerate(group.subjects):
            if name not in known:
                yield _Finding(
                    ("spec", "groups", place, "subjects", at),
                    f"group {group.name!r} has a subject {name!r} that spec.subjects does not "
                    f"list{nearest(name, known)}",
                )


def _expressions(spec: BenchmarkSpec) -> Iterator[_Finding]:
    data = spec.data
    held: Mapping[tuple[str | int, ...], str] = {
        ("spec", "data", "records"): data.records,
        ("spec", "data", "where"): data.where,
        **{
            ("spec", "data", "columns", place, "expression"): column.expression
            for place, column in enumerate(data.columns)
        },
    }
    for path, expression in held.items():
        if not expression:
            continue
        try:
            Expression.of(expression, str(path[-1]))
        except InvalidRequest as error:
            yield _Finding(path, str(error))


def _rules(
    path: tuple[str | int, ...], extraction: Sequence[ExtractionStep], metric: Metric
) -> Iterator[_Finding]:
    for place, step in enumerate(extraction):
        try:
            EXTRACTORS.bound(step.name, step.arguments)
        except InvalidRequest as error:
            yield _Finding((*path, "extraction", place, "name"), str(error))
    try:
        METRICS.bound(metric.name, metric.arguments)
    except InvalidRequest as error:
        yield _Finding((*path, "metric", "name"), str(error))
