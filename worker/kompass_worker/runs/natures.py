"""What a finished run's numbers are: which way is better, and whether answers are right or wrong.

Pure. The plan names a subject's metric and the run document its settings; the registry knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from kompass_api.benchmark import metric_of
from kompass_api.built_in import BUILT_IN
from kompass_api.plandocument import Plan, PlannedSubject
from kompass_api.rundocument import RunDocument
from kompass_worker.benchmarks.catalogue import builtin, named
from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.metrics import metric_named


class SubjectKey(NamedTuple):
    """A subject of a benchmark."""

    benchmark: str
    subject: str


class Nature(NamedTuple):
    """What can be said of a metric's numbers."""

    higher_is_better: bool = True
    is_share: bool = False
    """Whether an answer's number is how much of it is right."""


UNKNOWN: Final = Nature()
"""Of a rule that is not installed any more."""


def natures_of(plan: Plan, document: RunDocument) -> dict[SubjectKey, Nature]:
    """Subject -> what its numbers are."""
    settings = _settings(document)
    return {
        SubjectKey(row.benchmark, row.subject): _nature(row.metric, _arguments(row, settings))
        for row in plan.subjects
    }


def costs_of(plan: Plan, document: RunDocument) -> frozenset[str]:
    """The benchmarks of which a lower number is better, in every subject."""
    natures = natures_of(plan, document)
    gains = {key.benchmark for key, nature in natures.items() if nature.higher_is_better}
    return frozenset(key.benchmark for key in natures) - gains


_Settings = Mapping[tuple[str, str, str], dict[str, str]]
"""By benchmark, subject (empty: the benchmark's own) and metric."""


def _settings(document: RunDocument) -> _Settings:
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for benchmark in document.benchmarks:
        if benchmark.spec is None and benchmark.name not in BUILT_IN:
            continue
        spec = benchmark.spec or builtin(benchmark.name)
        found[benchmark.name, "", spec.metric.name] = spec.metric.arguments
        for subject in named(spec).subjects:
            metric = metric_of(spec, subject)
            found[benchmark.name, subject.name, metric.name] = metric.arguments
    return found


def _arguments(row: PlannedSubject, settings: _Settings) -> dict[str, str]:
    of_benchmark = settings.get((row.benchmark, "", row.metric), {})
    return settings.get((row.benchmark, row.subject, row.metric), of_benchmark)


def _nature(name: str, arguments: dict[str, str]) -> Nature:
    try:
        metric = metric_named(name, arguments)
    except InvalidRequest:
        return UNKNOWN
    return Nature(metric.higher_is_better, metric.is_share)
