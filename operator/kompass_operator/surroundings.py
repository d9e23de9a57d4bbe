"""What a run can name in its namespace, read from the watches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from kompass_api.benchmark import Benchmark
from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import Problem, ReportPlace, Surroundings
from kompass_operator.observed import Observed
from kompass_operator.unreadable import complaint
from kompass_operator.views import Json, RunKey, Watches

M = TypeVar("M", bound=BaseModel)


def surroundings_of(run: EvalRun, watches: Watches, seen: Observed) -> Observed:
    """What is seen, with the endpoints and benchmarks of the run's namespace."""
    namespace = run.metadata.namespace
    endpoints, bad_endpoints = _read(ModelEndpoint, watches.endpoints(namespace))
    benchmarks, bad_benchmarks = _read(Benchmark, watches.benchmarks(namespace))
    named_models = {model.name for model in run.spec.models}
    named_benchmarks = {benchmark.name for benchmark in run.spec.benchmarks}
    broken = (
        *_problems("ModelEndpoint", bad_endpoints, named_models),
        *_problems("Benchmark", bad_benchmarks, named_benchmarks),
    )
    reports = dict(_reports(run, watches))
    around = Surroundings(endpoints=endpoints, benchmarks=benchmarks, reports=reports)
    return replace(seen, surroundings=around, broken=broken)


def _reports(run: EvalRun, watches: Watches) -> Iterator[tuple[str, ReportPlace]]:
    """Where the baselines of the run's gates lie, of those that exist."""
    for gate in run.spec.gates:
        name = gate.baseline.run if gate.baseline is not None else None
        body = watches.run(RunKey(run.metadata.namespace, name)) if name is not None else None
        if name is not None and body is not None:
            status = body.get("status") or {}
            conditions = status.get("conditions") or []
            finished = any(
                (one["type"], one["status"]) == ("Finished", "True") for one in conditions
            )
            yield name, ReportPlace((status.get("results") or {}).get("uri"), finished)


def _read(model: type[M], bodies: Iterable[Json]) -> tuple[dict[str, M], dict[str, str]]:
    good: dict[str, M] = {}
    bad: dict[str, str] = {}
    for body in bodies:
        name = body["metadata"]["name"]
        try:
            good[name] = model.model_validate(body)
        except ValidationError as error:
            bad[name] = complaint(error)
    return good, bad


def _problems(kind: str, bad: dict[str, str], named: set[str]) -> list[Problem]:
    return [
        Problem(Reason.INVALID_SPEC, f"{kind} {name!r} is not valid: {bad[name]}", may_pass=True)
        for name in sorted(named & bad.keys())
    ]
