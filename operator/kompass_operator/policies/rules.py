"""The rules of EvalPolicies: which value of which object is held against which limit. Pure.

The operator asks `complaints`, the chart's ValidatingAdmissionPolicies are made of the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.evalpolicy import EvalPolicy
from kompass_api.evalrun import EvalRunSpec
from kompass_api.managed import sources_of
from kompass_api.modelendpoint import Device, ModelEndpointSpec
from kompass_api.servedhosts import AWS, PUBLIC_HOSTS, s3_host, served_host
from kompass_api.sources import S3Connection, Source
from kompass_operator.manifests.pods import gpu_of
from kompass_operator.policies import matching
from kompass_operator.policies.matching import Limit


@dataclass(frozen=True)
class Rule:
    """Values of an object of a kind, all of which a limit must permit."""

    kind: str
    field: str
    """Where the values stand, in words for a person."""
    limit: Limit[Any]
    values: Callable[[Any], Sequence[Any]]
    """Of the object's spec."""
    cel_values: str
    """The same as CEL, of `object`."""

    @property
    def name(self) -> str:
        """What a person reads, such as images.allowed."""
        return self.limit.field


class Complaint(NamedTuple):
    """What a policy objects to."""

    policy: str
    rule: str
    found: str
    allowed: str

    def told(self) -> str:
        """The complaint in one line."""
        return (
            f"EvalPolicy {self.policy}, rule {self.rule}: {self.found}; allowed is {self.allowed}"
        )


def complaints(
    policies: Iterable[EvalPolicy], kind: str, spec: Any, subject: str
) -> Iterator[Complaint]:
    """Everything that the policies object to in an object; `subject` is what it is called."""
    for policy in policies:
        for rule in RULES:
            if rule.kind != kind:
                continue
            limit = rule.limit.of(policy.spec)
            if limit is None:
                continue
            refused = [v for v in rule.values(spec) if not rule.limit.permits(limit, v)]
            if refused:
                yield Complaint(
                    policy.metadata.name,
                    rule.name,
                    f"{subject} has {rule.field} {', '.join(map(str, refused))}",
                    rule.limit.shown(limit),
                )


def gpus_of_server(endpoint: ModelEndpointSpec) -> int:
    """GPUs that a model's managed servers hold together."""
    managed = endpoint.managed
    if managed is None:
        return 0
    usual = 1 if endpoint.device is Device.CUDA else 0
    return managed.replicas * (managed.gpu.count if managed.gpu is not None else usual)


def gpus_of_shard(endpoint: ModelEndpointSpec) -> int:
    """GPUs that a shard of the model holds."""
    gpu = gpu_of(endpoint)
    return gpu.count if gpu is not None else 0


def shards_asked_for(spec: EvalRunSpec) -> int | None:
    """Shards of a run, where its spec says them; else the plan does."""
    if spec.sharding.max_items_per_shard is not None:
        return None
    return (spec.sharding.shards_per_model or 1) * len(spec.models)


def _data_of_run(spec: EvalRunSpec) -> list[str]:
    return [ref.source.uri for ref in spec.benchmarks if ref.source is not None]


def _storage_of_run(spec: EvalRunSpec) -> list[str]:
    return [spec.storage.uri] if spec.storage is not None else []


def _connections(sources: Iterable[Source]) -> list[S3Connection]:
    return [source.s3 for source in sources if source.s3 is not None]


def _hosts_of_run(spec: EvalRunSpec) -> list[str]:
    own = [spec.storage.s3] if spec.storage is not None else []
    named = _connections(ref.source for ref in spec.benchmarks if ref.source is not None)
    return [s3_host(connection) for connection in (*own, *named)]


def _queue_of_run(spec: EvalRunSpec) -> list[str]:
    return [spec.execution.queue.name] if spec.execution.queue is not None else []


def _hosts_of_model(spec: ModelEndpointSpec) -> list[str]:
    host = served_host(spec)
    return [host] if host is not None else []


def _images_of_model(spec: ModelEndpointSpec) -> list[str]:
    own = [spec.image] if spec.image is not None else []
    return [*own, spec.managed.image] if spec.managed is not None else own


def _sources_of_model(spec: ModelEndpointSpec) -> list[Source]:
    served = sources_of(spec.managed, None) if spec.managed is not None else ()
    return [*spec.sources, *served]


def _trusts_remote_code(spec: ModelEndpointSpec) -> bool:
    return spec.trust_remote_code or (spec.managed is not None and spec.managed.trust_remote_code)


def _data_of_benchmark(spec: BenchmarkSpec) -> list[Source]:
    return [spec.data.source] if spec.data.source is not None else []


def _models_of_benchmark(spec: BenchmarkSpec) -> list[Source]:
    return [spec.examples.embedding] if spec.examples.embedding is not None else []


def _shards_of_run(spec: EvalRunSpec) -> list[int]:
    shards = shards_asked_for(spec)
    return [] if shards is None else [shards]


def _cel_optional(*path: str) -> str:
    """A list with the field at a path below spec, or an empty one."""
    steps = [".".join(("s", *path[: length + 1])) for length in range(len(path))]
    present = " && ".join(f"has({step})" for step in steps)
    return f"[object.spec].filter(s, {present}).map(s, {steps[-1]})"


def _cel_joined(*lists: str) -> str:
    # Without dyn the type checker takes equal objects of different fields for different types.
    return f"({' + '.join(f'dyn({held})' for held in lists)})"


def _cel_uris(sources: str) -> str:
    return f"{sources}.map(source, source.uri)"


def _cel_s3_hosts(connections: str) -> str:
    return f"{connections}.map(c, has(c.endpoint) ? {_cel_host('c.endpoint')} : '{AWS}')"


def _cel_host(url: str) -> str:
    return f"(isURL({url}) ? url({url}).getHostname().lowerAscii() : '')"


def _cel_s3_of(sources: str) -> str:
    return f"{sources}.filter(source, has(source.s3)).map(source, source.s3)"


_CEL_RUN_DATA: Final = "object.spec.benchmarks.filter(b, has(b.source)).map(b, b.source)"
_CEL_MODELS: Final = _cel_joined(
    _cel_optional("source"),
    _cel_optional("huggingFace", "tokenizer"),
    _cel_optional("huggingFace", "adapter", "source"),
    _cel_optional("managed", "source"),
    "(has(object.spec.managed) ? object.spec.managed.adapters : []).map(a, a.source)",
)
_CEL_IMAGES: Final = _cel_joined(_cel_optional("image"), _cel_optional("managed", "image"))
_CEL_REMOTE_CODE: Final = (
    "[string(object.spec.trustRemoteCode || "
    "has(object.spec.managed) && object.spec.managed.trustRemoteCode)]"
)
_CEL_BENCHMARK_DATA: Final = _cel_optional("data", "source")
_CEL_EMBEDDING: Final = _cel_optional("examples", "embedding")
_CEL_PUBLIC: Final = ", ".join(f"'{name}': '{host}'" for name, host in PUBLIC_HOSTS.items())
_CEL_SERVED_HOST: Final = (
    "[object.spec].filter(s, has(s.serving) && !has(s.managed)).map(s, s.serving)"
    f".map(s, has(s.url) ? {_cel_host('s.url')} : "
    f"{{{_CEL_PUBLIC}}}[has(s.provider) ? s.provider : object.spec.backend])"
)
_CEL_GPUS: Final = (
    "[object.spec.backend != 'HuggingFace' ? 0 : has(object.spec.gpu) ? object.spec.gpu.count : "
    "object.spec.device == 'CUDA' ? 1 : 0, "
    "has(object.spec.managed) ? object.spec.managed.replicas * (has(object.spec.managed.gpu) ? "
    "object.spec.managed.gpu.count : object.spec.device == 'CUDA' ? 1 : 0) : 0]"
)
_CEL_SHARDS: Final = (
    "[object.spec.sharding].filter(s, !has(s.maxItemsPerShard))"
    ".map(s, (has(s.shardsPerModel) ? s.shardsPerModel : 1) * size(object.spec.models))"
)
_S3_HOSTS: Final = matching.hosts("sources.s3Hosts", lambda spec: spec.sources.s3_hosts)
DATA: Final = matching.prefixes("sources.data", lambda spec: spec.sources.data)
_MODELS: Final = matching.prefixes("sources.models", lambda spec: spec.sources.models)

RULES: Final[Sequence[Rule]] = (
    Rule(
        "EvalRun",
        "benchmarks' source",
        DATA,
        _data_of_run,
        _cel_uris(_CEL_RUN_DATA),
    ),
    Rule(
        "EvalRun",
        "spec.storage.uri",
        matching.prefixes("sources.storage", lambda spec: spec.sources.storage),
        _storage_of_run,
        _cel_optional("storage", "uri"),
    ),
    Rule(
        "EvalRun",
        "S3 host",
        _S3_HOSTS,
        _hosts_of_run,
        _cel_s3_hosts(_cel_joined(_cel_optional("storage", "s3"), _cel_s3_of(_CEL_RUN_DATA))),
    ),
    Rule(
        "EvalRun",
        "spec.security.network",
        matching.NETWORK,
        lambda spec: [spec.security.network],
        "[object.spec.security.network]",
    ),
    Rule(
        "EvalRun",
        "spec.security.codeExecution",
        matching.CODE_EXECUTION,
        lambda spec: [spec.security.code_execution],
        "[object.spec.security.codeExecution]",
    ),
    Rule(
        "EvalRun",
        "shards",
        matching.at_most("limits.maxShards", lambda spec: spec.limits.max_shards),
        _shards_of_run,
        _CEL_SHARDS,
    ),
    Rule(
        "EvalRun",
        "spec.execution.parallelism",
        matching.at_most("limits.maxParallelism", lambda spec: spec.limits.max_parallelism),
        lambda spec: [spec.execution.parallelism],
        "[object.spec.execution.parallelism]",
    ),
    Rule(
        "EvalRun",
        "spec.execution.queue.name",
        matching.names("queues.allowed", lambda spec: spec.queues.allowed),
        _queue_of_run,
        _cel_optional("execution", "queue", "name"),
    ),
    Rule(
        "EvalRun",
        "spec.execution.queue.name",
        matching.QUEUE_REQUIRED,
        lambda spec: _queue_of_run(spec) or ["none"],
        "[has(object.spec.execution.queue) ? object.spec.execution.queue.name : 'none']",
    ),
    Rule(
        "ModelEndpoint",
        "image",
        matching.images("images.allowed", lambda spec: spec.images.allowed),
        _images_of_model,
        _CEL_IMAGES,
    ),
    Rule(
        "ModelEndpoint",
        "image",
        matching.DIGEST_ONLY,
        _images_of_model,
        _CEL_IMAGES,
    ),
    Rule(
        "ModelEndpoint",
        "source",
        _MODELS,
        lambda spec: [source.uri for source in _sources_of_model(spec)],
        _cel_uris(_CEL_MODELS),
    ),
    Rule(
        "ModelEndpoint",
        "S3 host",
        _S3_HOSTS,
        lambda spec: [s3_host(held) for held in _connections(_sources_of_model(spec))],
        _cel_s3_hosts(_cel_s3_of(_CEL_MODELS)),
    ),
    Rule(
        "ModelEndpoint",
        "trustRemoteCode",
        matching.REMOTE_CODE,
        lambda spec: ["true" if _trusts_remote_code(spec) else "false"],
        _CEL_REMOTE_CODE,
    ),
    Rule(
        "ModelEndpoint",
        "host",
        matching.hosts("servedHosts", lambda spec: spec.served_hosts),
        _hosts_of_model,
        _CEL_SERVED_HOST,
    ),
    Rule(
        "ModelEndpoint",
        "GPUs a shard or server",
        matching.at_most("limits.maxGpusPerRun", lambda spec: spec.limits.max_gpus_per_run),
        lambda spec: [gpus_of_shard(spec), gpus_of_server(spec)],
        _CEL_GPUS,
    ),
    Rule(
        "ModelEndpoint",
        "GPUs a shard or server",
        matching.at_most(
            "limits.maxGpusPerNamespace", lambda spec: spec.limits.max_gpus_per_namespace
        ),
        lambda spec: [gpus_of_shard(spec), gpus_of_server(spec)],
        _CEL_GPUS,
    ),
    Rule(
        "Benchmark",
        "spec.data.source.uri",
        DATA,
        lambda spec: [source.uri for source in _data_of_benchmark(spec)],
        _cel_uris(_CEL_BENCHMARK_DATA),
    ),
    Rule(
        "Benchmark",
        "spec.examples.embedding.uri",
        _MODELS,
        lambda spec: [source.uri for source in _models_of_benchmark(spec)],
        _cel_uris(_CEL_EMBEDDING),
    ),
    Rule(
        "Benchmark",
        "S3 host",
        _S3_HOSTS,
        lambda spec: [
            s3_host(held)
            for held in _connections([*_data_of_benchmark(spec), *_models_of_benchmark(spec)])
        ],
        _cel_s3_hosts(_cel_s3_of(_cel_joined(_CEL_BENCHMARK_DATA, _CEL_EMBEDDING))),
    ),
)
