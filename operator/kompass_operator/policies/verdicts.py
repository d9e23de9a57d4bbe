"""What the policies for its namespace object to in a run, with all that it names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.built_in import BUILT_IN_DATA
from kompass_api.conditions import Reason
from kompass_api.evalpolicy import EvalPolicy
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.resolution import Problem
from kompass_api.rundocument import ResolvedBenchmark, ResolvedModel, RunDocument
from kompass_api.status import PlannedModel
from kompass_operator.policies.rules import (
    DATA,
    Complaint,
    complaints,
    gpus_of_server,
    gpus_of_shard,
    shards_asked_for,
)
from kompass_operator.policies.sight import PolicySight


def problems(
    run: EvalRun,
    document: RunDocument,
    sight: PolicySight,
    planned: Sequence[PlannedModel] = (),
) -> list[Problem]:
    """Why policies keep a run from going on; empty where nothing does."""
    denied = [
        Problem(Reason.POLICY_DENIED, found.told(), may_pass=False)
        for found in objections(run, document, sight.policies, planned)
    ]
    return [*sight.unreadable, *denied]


def objections(
    run: EvalRun,
    document: RunDocument,
    policies: Sequence[EvalPolicy],
    planned: Sequence[PlannedModel] = (),
) -> list[Complaint]:
    """Everything that the policies object to; `planned` is what the plan Job said, if it did."""
    return [
        *complaints(policies, "EvalRun", run.spec, "the run"),
        *(
            found
            for model in document.models
            for found in complaints(
                policies, "ModelEndpoint", _as_written(model), f"ModelEndpoint {model.name}"
            )
        ),
        *(
            found
            for benchmark in document.benchmarks
            for found in _about_benchmark(benchmark, policies)
        ),
        *_about_sums(run, document, policies, planned),
    ]


def peak_gpus(run: EvalRun, document: RunDocument, planned: Sequence[PlannedModel] = ()) -> int:
    """GPUs that the run holds when its largest shards run at a time, with its managed servers."""
    counts = {model.name: model.shards for model in planned}
    parallelism = run.spec.execution.parallelism
    usual = run.spec.sharding.shards_per_model or (
        1 if shards_asked_for(run.spec) is not None else parallelism
    )
    each = sorted(
        (
            gpus_of_shard(model.spec)
            for model in document.models
            for _ in range(min(parallelism, counts.get(model.name, usual)))
        ),
        reverse=True,
    )
    servers = sum(gpus_of_server(_as_written(model)) for model in document.models)
    return sum(each[:parallelism]) + servers


def _as_written(model: ResolvedModel) -> ModelEndpointSpec:
    """The endpoint's spec with the server that the document tells of beside it."""
    return model.spec.model_copy(update={"managed": model.managed})


def _about_benchmark(
    benchmark: ResolvedBenchmark, policies: Iterable[EvalPolicy]
) -> Iterator[Complaint]:
    subject = f"benchmark {benchmark.name}"
    if benchmark.spec is not None:
        yield from complaints(policies, "Benchmark", _as_used(benchmark), subject)
    elif benchmark.source is None and benchmark.name in BUILT_IN_DATA:
        for policy in policies:
            yield from _about_data(policy, BUILT_IN_DATA[benchmark.name], subject)


def _as_used(benchmark: ResolvedBenchmark) -> BenchmarkSpec:
    """The spec without the data that the run replaces, whose place the run's own rule judges."""
    assert benchmark.spec is not None
    if benchmark.source is None:
        return benchmark.spec
    data = benchmark.spec.data.model_copy(update={"source": None})
    return benchmark.spec.model_copy(update={"data": data})


def _about_data(policy: EvalPolicy, uri: str, subject: str) -> Iterator[Complaint]:
    allowed = DATA.of(policy.spec)
    if allowed is not None and not DATA.permits(allowed, uri):
        yield Complaint(
            policy.metadata.name, DATA.field, f"{subject} reads {uri}", DATA.shown(allowed)
        )


def _about_sums(
    run: EvalRun,
    document: RunDocument,
    policies: Iterable[EvalPolicy],
    planned: Sequence[PlannedModel],
) -> Iterator[Complaint]:
    shards = sum(model.shards for model in planned)
    gpus = peak_gpus(run, document, planned)
    for policy in policies:
        limits, name = policy.spec.limits, policy.metadata.name
        if limits.max_shards is not None and shards > limits.max_shards:
            yield Complaint(
                name,
                "limits.maxShards",
                f"the plan has {shards} shards",
                f"at most {limits.max_shards}",
            )
        if limits.max_gpus_per_run is not None and gpus > limits.max_gpus_per_run:
            yield Complaint(
                name,
                "limits.maxGpusPerRun",
                f"the run would hold {gpus} GPUs at a time (spec.execution.parallelism "
                f"{run.spec.execution.parallelism})",
                f"at most {limits.max_gpus_per_run}",
            )
