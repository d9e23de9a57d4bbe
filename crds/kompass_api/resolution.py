"""From an EvalRun and what it names to the run document, or to what stands in its way.

Pure: operator and command line hand in what they found, and get the same answer.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kompass_api.addresses import serving_of
from kompass_api.benchmark import Benchmark
from kompass_api.built_in import BUILT_IN
from kompass_api.conditions import Reason
from kompass_api.contenthash import run_hash
from kompass_api.evalrun import BenchmarkRef, EvalRun, Reuse
from kompass_api.gates import Gate, ResolvedGate
from kompass_api.managed import sources_of
from kompass_api.methods import Method
from kompass_api.modelendpoint import ModelEndpoint, ModelEndpointSpec, ModelType
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    ResultsIndex,
    RunDocument,
    RunIdentity,
)
from kompass_api.serving import Probe
from kompass_api.sources import Source


@dataclass(frozen=True)
class Problem:
    """Why a run cannot be accepted; one that may pass is waited for."""

    reason: Reason
    message: str
    may_pass: bool
    is_underway: bool = False
    """Whether something is at work that will settle it: it is waited for without a limit."""


@dataclass(frozen=True)
class ReportPlace:
    """Where a run's report lies; without a URI there is none, or none yet."""

    uri: str | None
    is_finished: bool


@dataclass(frozen=True)
class Surroundings:
    """What a run can name: objects of its namespace, and whether it runs in a cluster."""

    endpoints: Mapping[str, ModelEndpoint]
    benchmarks: Mapping[str, Benchmark]
    in_cluster: bool = True
    reports: Mapping[str, ReportPlace] = field(default_factory=dict)
    """Of other runs, by name."""


def resolve(
    run: EvalRun,
    around: Surroundings,
    storage: ResolvedStorage | None,
    *,
    index_uri: str | None = None,
    attempt: int = 1,
) -> RunDocument | list[Problem]:
    """The run document, or every problem that was found.

    `index_uri` is the folder where finished runs are found by what they measured.
    """
    problems = list(_problems(run, around, storage))
    if problems or storage is None:
        return problems
    document = RunDocument(
        run=RunIdentity(
            namespace=run.metadata.namespace,
            name=run.metadata.name,
            uid=run.metadata.uid,
            attempt=attempt if attempt > 1 else None,
        ),
        profile=run.spec.profile,
        seed=run.spec.seed,
        models=[
            _resolved_model(run.metadata.namespace, model.name, around.endpoints[model.name].spec)
            for model in run.spec.models
        ],
        benchmarks=[_resolved(ref, around) for ref in run.spec.benchmarks],
        sharding=run.spec.sharding,
        table=run.spec.table,
        storage=storage,
        gates=[_gate(gate, around) for gate in run.spec.gates] or None,
        gate_mode=run.spec.gate_mode if run.spec.gates else None,
    )
    return document if index_uri is None else _indexed(document, run, index_uri)


def _indexed(document: RunDocument, run: EvalRun, uri: str) -> RunDocument:
    token = run.spec.rerun_token
    index = ResultsIndex(
        uri=uri,
        run_hash=run_hash(document, token),
        look_up=run.spec.reuse is Reuse.ALWAYS,
        rerun_token=token,
    )
    return document.model_copy(update={"index": index})


def _gate(gate: Gate, around: Surroundings) -> ResolvedGate:
    baseline = gate.baseline
    if baseline is None or baseline.run is None:
        return ResolvedGate(gate=gate, baseline_uri=baseline.uri if baseline else None)
    return ResolvedGate(gate=gate, baseline_uri=around.reports[baseline.run].uri)


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean a, b?` with the closest known names, or a list of some that exist."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {', '.join(close)}?"
    return f"; there are {', '.join(names[:8])}" if names else "; there are none"


def _resolved_model(namespace: str, name: str, spec: ModelEndpointSpec) -> ResolvedModel:
    # How the operator looks for a server is no part of what is measured.
    serving = serving_of(namespace, name, spec)
    asked = serving.model_copy(update={"probe": Probe()}) if serving is not None else None
    frozen = spec.model_copy(update={"serving": asked, "managed": None})
    return ResolvedModel(name=name, spec=frozen, managed=spec.managed)


def _resolved(ref: BenchmarkRef, around: Surroundings) -> ResolvedBenchmark:
    held = around.benchmarks.get(ref.name)
    return ResolvedBenchmark(
        name=ref.name,
        spec=held.spec if held is not None else None,
        subjects=ref.subjects,
        limit=ref.limit,
        source=ref.source,
        max_new_tokens=ref.max_new_tokens,
    )


def _problems(
    run: EvalRun, around: Surroundings, storage: ResolvedStorage | None
) -> Iterable[Problem]:
    if storage is None:
        yield Problem(
            Reason.STORAGE_MISSING,
            "spec.storage is not set and the operator has no default storage: name a bucket in "
            "spec.storage.uri, or set objectStorage in the chart",
            may_pass=False,
        )
    for model in run.spec.models:
        yield from _model_problems(model.name, run, around)
    for ref in run.spec.benchmarks:
        yield from _benchmark_problems(ref, around)
    for gate in run.spec.gates:
        yield from _gate_problems(gate, run, around)


def _model_problems(name: str, run: EvalRun, around: Surroundings) -> Iterable[Problem]:
    endpoint = around.endpoints.get(name)
    if endpoint is None:
        yield Problem(
            Reason.ENDPOINT_NOT_FOUND,
            f"ModelEndpoint {name!r} does not exist in namespace "
            f"{run.metadata.namespace!r}{nearest(name, around.endpoints)}",
            may_pass=True,
        )
        return
    managed = endpoint.spec.managed
    if managed is not None:
        yield Problem(
            Reason.INVALID_SPEC,
            f"ModelEndpoint {name!r} has managed, and this release does not run servers yet: "
            "start it yourself, and set serving.url in place of managed",
            may_pass=False,
        )
    own = list(sources_of(managed, None)) if managed is not None else []
    for source in (*endpoint.spec.sources, *own):
        yield from _source_problems(f"ModelEndpoint {name!r}", source, around)
    if endpoint.spec.model_type is ModelType.CHAT:
        for ref in run.spec.benchmarks:
            method = _method_of(ref, around)
            if method is not None and not method.writes:
                yield Problem(
                    Reason.INVALID_SPEC,
                    f"benchmark {ref.name!r} weighs plain text ({method}), but "
                    f"ModelEndpoint {name!r} has modelType Chat: name an endpoint with "
                    "modelType Base",
                    may_pass=False,
                )


def _gate_problems(gate: Gate, run: EvalRun, around: Surroundings) -> Iterable[Problem]:
    models = [model.name for model in run.spec.models]
    if gate.model is not None and gate.model not in models:
        yield Problem(
            Reason.INVALID_SPEC,
            f"gate {gate.name!r} is about model {gate.model!r}, which is not in spec.models"
            f"{nearest(gate.model, models)}",
            may_pass=False,
        )
    name = gate.baseline.run if gate.baseline is not None else None
    if name is None:
        return
    if name == run.metadata.name:
        yield Problem(
            Reason.INVALID_SPEC,
            f"gate {gate.name!r}: a run is no baseline of itself: name another run, or the uri of "
            "a report",
            may_pass=False,
        )
        return
    held = around.reports.get(name)
    if held is None:
        yield Problem(
            Reason.BASELINE_NOT_FOUND,
            f"gate {gate.name!r}: EvalRun {name!r} does not exist in namespace "
            f"{run.metadata.namespace!r}{nearest(name, around.reports)}",
            may_pass=True,
        )
    elif held.uri is None:
        state = "ended without a report" if held.is_finished else "has not finished"
        yield Problem(
            Reason.BASELINE_NOT_FOUND if held.is_finished else Reason.BASELINE_UNFINISHED,
            f"gate {gate.name!r}: its baseline, EvalRun {name!r}, {state}",
            may_pass=not held.is_finished,
            is_underway=not held.is_finished,
        )


def _benchmark_problems(ref: BenchmarkRef, around: Surroundings) -> Iterable[Problem]:
    held = around.benchmarks.get(ref.name)
    if held is None and ref.name not in BUILT_IN:
        known = (*BUILT_IN, *around.benchmarks)
        yield Problem(
            Reason.BENCHMARK_NOT_FOUND,
            f"benchmark {ref.name!r} is neither built in nor a Benchmark object of the "
            f"namespace{nearest(ref.name, known)}",
            may_pass=True,
        )
        return
    embedding = held.spec.examples.embedding if held is not None else None
    if embedding is not None:
        yield from _source_problems(f"examples of benchmark {ref.name!r}", embedding, around)
    source = ref.source or (held.spec.data.source if held is not None else None)
    if source is not None:
        yield from _source_problems(f"benchmark {ref.name!r}", source, around)
    elif held is not None:
        yield Problem(
            Reason.INVALID_SPEC,
            f"benchmark {ref.name!r} has no data: set spec.data.source in the Benchmark, or "
            "source in the run",
            may_pass=False,
        )


def _source_problems(owner: str, source: Source, around: Surroundings) -> Iterable[Problem]:
    if around.in_cluster and source.uri.startswith("file://"):
        yield Problem(
            Reason.INVALID_SPEC,
            f"{owner} reads {source.uri}, a folder that no pod has: use s3://, pvc:// or hf:// "
            "(file:// works with `kompass run`)",
            may_pass=False,
        )
    if not around.in_cluster and source.uri.startswith("pvc://"):
        yield Problem(
            Reason.INVALID_SPEC,
            f"{owner} reads {source.uri}, a volume of a cluster: use file:// with `kompass run`",
            may_pass=False,
        )


def _method_of(ref: BenchmarkRef, around: Surroundings) -> Method | None:
    held = around.benchmarks.get(ref.name)
    return held.spec.method if held is not None else BUILT_IN.get(ref.name)
