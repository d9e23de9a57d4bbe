"""The EvalRuns that a suite asks for, with their names. Pure.

A run that is made for its content is named after it: what is measured, and what else of its spec
never changes. So a file that changes makes new runs, and one that only looks different makes none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from kompass_api.evalrun import BenchmarkRef, EvalRun, EvalRunSpec, ModelRef
from kompass_api.evalsuite import EvalSuite, RunPer, TemplateSpec
from kompass_api.gates import Gate
from kompass_api.resolution import Problem, ReportPlace, Surroundings, resolve
from kompass_api.resources import ObjectMeta
from kompass_api.rundocument import ResolvedStorage, canonical_json

_ANYWHERE: Final = ResolvedStorage(uri="s3://nowhere/suite")
_FROZEN: Final = {"sharding", "storage", "gates", "security"}
"""What of a run cannot change, besides what it measures."""


@dataclass(frozen=True)
class WantedRun:
    """A run that is to be."""

    name: str
    spec: EvalRunSpec


def by_content(suite: EvalSuite, around: Surroundings) -> list[WantedRun] | list[Problem]:
    """The runs of what the suite says now, or what keeps it from being known."""
    runs: list[WantedRun] = []
    for spec in cells(suite):
        found = _digest(suite, spec, around)
        if isinstance(found, list):
            return found
        runs.append(WantedRun(f"{suite.metadata.name}-{found}", spec))
    return runs


def by_clock(suite: EvalSuite, minute: int) -> list[WantedRun]:
    """The runs of a minute of the clock; each measures anew."""
    specs = list(cells(suite))
    return [
        WantedRun(
            f"{suite.metadata.name}-{minute}" + (f"-{index}" if len(specs) > 1 else ""),
            spec.model_copy(update={"rerun_token": _token(spec, minute)}),
        )
        for index, spec in enumerate(specs)
    ]


def cells(suite: EvalSuite) -> Iterator[EvalRunSpec]:
    """The spec of each run."""
    template = suite.spec.template.spec
    per_model = suite.spec.run_per in {RunPer.MODEL, RunPer.PAIR}
    per_benchmark = suite.spec.run_per in {RunPer.BENCHMARK, RunPer.PAIR}
    for models in [[one] for one in template.models] if per_model else [template.models]:
        for benchmarks in (
            [[one] for one in template.benchmarks] if per_benchmark else [template.benchmarks]
        ):
            yield _cell(template, models, benchmarks, by_benchmark=per_benchmark)


def _cell(
    template: TemplateSpec,
    models: Sequence[ModelRef],
    benchmarks: Sequence[BenchmarkRef],
    *,
    by_benchmark: bool,
) -> EvalRunSpec:
    names = {model.name for model in models}
    rows = {benchmark.name for benchmark in benchmarks}

    def concerns(gate: Gate) -> bool:
        is_of_model = gate.model is None or gate.model in names
        return is_of_model and (not by_benchmark or gate.benchmark in rows)

    own: dict[str, Any] = {
        "models": models,
        "benchmarks": benchmarks,
        "gates": [gate for gate in template.gates if concerns(gate)],
    }
    wanted = template.model_copy(update=own)
    return EvalRunSpec.model_validate(wanted.model_dump(by_alias=True, exclude_none=True))


def _digest(suite: EvalSuite, spec: EvalRunSpec, around: Surroundings) -> str | list[Problem]:
    """Ten hexadecimal digits; a baseline that has not finished does not matter."""
    meta = ObjectMeta(name=suite.metadata.name, namespace=suite.metadata.namespace)
    baselines = [gate.baseline.run for gate in spec.gates if gate.baseline is not None]
    reports = {name: ReportPlace(_ANYWHERE.uri, is_finished=True) for name in baselines if name}
    found = resolve(
        EvalRun(metadata=meta, spec=spec),
        replace(around, reports=reports),
        _ANYWHERE,
        index_uri=_ANYWHERE.uri,
    )
    if isinstance(found, list):
        return found
    measured = found.index.run_hash if found.index is not None else ""
    rest = spec.model_dump(mode="json", include=_FROZEN, exclude_none=True, exclude_defaults=True)
    return hashlib.sha256(canonical_json([measured, rest]).encode()).hexdigest()[:10]


def _token(spec: EvalRunSpec, minute: int) -> str:
    return f"{spec.rerun_token[:50]}.{minute}" if spec.rerun_token else str(minute)
