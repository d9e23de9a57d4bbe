"""Objects and policies with the rule that forbids each: operator and API server say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from manifest_cases import COMMIT, DIGEST, REMOVED, RIGHT, Manifest, changed

_IMAGE: Final = "registry.example.com/kompass/worker"
_OWN: Final = {"images": {"allowed": ["registry.example.com/kompass/*", "busybox"]}}
_S3: Final = {"uri": "s3://models/llama", "s3": {"endpoint": "https://s3.example.com:8333"}}
_SERVED: Final = {"spec/backend": "OpenAI", "spec/source": REMOVED}


@dataclass(frozen=True)
class PolicyCase:
    """A policy, an object, and the rule that forbids the object, or none."""

    policy: Mapping[str, Any]
    """Its spec."""
    kind: str
    changes: Mapping[str, object]
    """What is changed in a right manifest of the kind."""
    rule: str | None

    @property
    def manifest(self) -> Manifest:
        """The object."""
        return changed(RIGHT[self.kind], self.changes)


def _model(policy: Mapping[str, Any], rule: str | None, **spec: object) -> PolicyCase:
    changes = {f"spec/{field}": value for field, value in spec.items()}
    return PolicyCase(policy, "ModelEndpoint", changes, rule)


def _run(policy: Mapping[str, Any], rule: str | None, **spec: object) -> PolicyCase:
    changes = {f"spec/{field}": value for field, value in spec.items()}
    return PolicyCase(policy, "EvalRun", changes, rule)


def _served(hosts: list[str], rule: str | None, backend: str, **serving: str) -> PolicyCase:
    changes = {**_SERVED, "spec/backend": backend, "spec/serving": {"model": "m", **serving}}
    return PolicyCase({"servedHosts": hosts}, "ModelEndpoint", changes, rule)


def _benchmark(policy: Mapping[str, Any], rule: str | None, **changes: object) -> PolicyCase:
    paths = {f"spec/{path.replace('__', '/')}": value for path, value in changes.items()}
    return PolicyCase(policy, "Benchmark", paths, rule)


def _managed(policy: Mapping[str, Any], rule: str | None, **managed: object) -> PolicyCase:
    server = {"server": "vLLM", "image": "docker.io/vllm/vllm-openai:v0", **managed}
    return _model(policy, rule, backend="OpenAI", serving={"model": "m"}, managed=server)


def _limits(**limits: int) -> dict[str, Any]:
    return {"limits": limits}


_EMBEDDED: Final = {
    "retriever": "TopK",
    "count": 2,
    "embedding": {"uri": "hf://acme/embedder"},
}

CASES: Final[Mapping[str, PolicyCase]] = {
    "nothing-set-a-model": _model({}, None, trustRemoteCode=False),
    "nothing-set-a-run": _run({}, None, security={"network": "Online"}),
    "nothing-set-a-benchmark": _benchmark({}, None),
    # images
    "image-of-the-registry": _model(_OWN, None, image=f"{_IMAGE}:1.0"),
    "image-by-its-whole-name": _model(_OWN, None, image="busybox"),
    "image-with-more-than-the-name": _model(_OWN, "images.allowed", image="busybox:1"),
    "image-of-another-registry": _model(_OWN, "images.allowed", image="evil.io/kompass/worker"),
    "image-whose-dots-are-no-dots": _model(
        _OWN, "images.allowed", image="registryXexample.com/kompass/worker"
    ),
    "image-that-only-ends-so": _model(_OWN, "images.allowed", image=f"evil.io/{_IMAGE}"),
    "image-of-the-operator": _model(_OWN, None),
    "no-image-at-all": _model({"images": {"allowed": []}}, "images.allowed", image="busybox"),
    "image-by-tag": _model(
        {"images": {"digestOnly": True}}, "images.digestOnly", image=f"{_IMAGE}:1.0"
    ),
    "image-by-digest": _model({"images": {"digestOnly": True}}, None, image=f"{_IMAGE}@{DIGEST}"),
    "image-by-tag-where-tags-are-fine": _model(
        {"images": {"digestOnly": False}}, None, image=f"{_IMAGE}:1.0"
    ),
    # where things lie
    "model-below-the-owner": _model({"sources": {"models": ["hf://meta"]}}, None),
    "model-itself": _model({"sources": {"models": ["hf://meta/llama"]}}, None),
    "model-of-an-owner-that-begins-so": _model(
        {"sources": {"models": ["hf://met"]}}, "sources.models"
    ),
    "model-of-any-owner-of-the-hub": _model({"sources": {"models": ["hf://"]}}, None),
    "model-of-the-hub-where-buckets-are-allowed": _model(
        {"sources": {"models": ["s3://models"]}}, "sources.models"
    ),
    "model-where-none-is-allowed": _model({"sources": {"models": []}}, "sources.models"),
    "tokenizer-from-elsewhere": _model(
        {"sources": {"models": ["hf://meta"]}},
        "sources.models",
        huggingFace={"tokenizer": {"uri": "hf://evil/tokenizer"}},
    ),
    "adapter-from-elsewhere": _model(
        {"sources": {"models": ["hf://meta"]}},
        "sources.models",
        huggingFace={"adapter": {"source": {"uri": "hf://evil/adapter"}}},
    ),
    "data-of-a-run": _run({"sources": {"data": ["s3://data"]}}, None),
    "data-of-a-run-from-elsewhere": _run({"sources": {"data": ["hf://datasets/"]}}, "sources.data"),
    "run-without-data-of-its-own": _run(
        {"sources": {"data": ["hf://datasets/"]}}, None, benchmarks=[{"name": "ceval-gen"}]
    ),
    "data-of-a-benchmark": _benchmark({"sources": {"data": ["hf://datasets/acme"]}}, None),
    "data-of-a-benchmark-from-elsewhere": _benchmark(
        {"sources": {"data": ["hf://datasets/acme"]}},
        "sources.data",
        data__source={"uri": "hf://datasets/acme2/trivia"},
    ),
    "embedding-model-of-a-benchmark": _benchmark(
        {"sources": {"models": ["hf://meta"]}}, "sources.models", examples=_EMBEDDED
    ),
    "embedding-model-that-is-allowed": _benchmark(
        {"sources": {"models": ["hf://acme"]}}, None, examples=_EMBEDDED
    ),
    "storage-below-the-bucket": _run(
        {"sources": {"storage": ["s3://results"]}}, None, storage={"uri": "s3://results/team"}
    ),
    "storage-in-another-bucket": _run(
        {"sources": {"storage": ["s3://results"]}},
        "sources.storage",
        storage={"uri": "s3://results-of-others/team"},
    ),
    "default-storage-where-no-other-is-allowed": _run({"sources": {"storage": []}}, None),
    # S3 hosts
    "s3-host-of-a-model": _model({"sources": {"s3Hosts": ["s3.example.com"]}}, None, source=_S3),
    "s3-host-below-a-domain": _model({"sources": {"s3Hosts": ["*.example.com"]}}, None, source=_S3),
    "s3-host-that-is-the-domain": _model(
        {"sources": {"s3Hosts": ["*.s3.example.com"]}}, "sources.s3Hosts", source=_S3
    ),
    "s3-host-elsewhere": _model(
        {"sources": {"s3Hosts": ["*.example.org"]}}, "sources.s3Hosts", source=_S3
    ),
    "s3-host-in-capitals": _model(
        {"sources": {"s3Hosts": ["s3.example.com"]}},
        None,
        source={**_S3, "s3": {"endpoint": "https://S3.Example.COM"}},
    ),
    "s3-host-behind-a-query": _model(
        {"sources": {"s3Hosts": ["*.example.com"]}},
        "sources.s3Hosts",
        source={**_S3, "s3": {"endpoint": "https://evil.io?.example.com"}},
    ),
    "s3-host-behind-a-backslash": _model(
        {"sources": {"s3Hosts": ["*.example.com"]}},
        "sources.s3Hosts",
        source={**_S3, "s3": {"endpoint": "https://evil.io\\.example.com"}},
    ),
    "aws-by-its-name": _model(
        {"sources": {"s3Hosts": ["s3.amazonaws.com"]}}, None, source={**_S3, "s3": {}}
    ),
    "aws-where-it-is-not-named": _model(
        {"sources": {"s3Hosts": ["s3.example.com"]}}, "sources.s3Hosts", source={**_S3, "s3": {}}
    ),
    "connection-of-the-storage": _model(
        {"sources": {"s3Hosts": []}}, None, source={"uri": "s3://models/llama"}
    ),
    "s3-host-of-the-storage": _run(
        {"sources": {"s3Hosts": ["s3.example.com"]}},
        "sources.s3Hosts",
        storage={"uri": "s3://results", "s3": {"endpoint": "http://10.0.0.1:9000"}},
    ),
    "storage-at-aws-unsaid": _run(
        {"sources": {"s3Hosts": ["s3.example.com"]}},
        "sources.s3Hosts",
        storage={"uri": "s3://results"},
    ),
    "s3-host-of-a-run's-data": _run(
        {"sources": {"s3Hosts": []}},
        "sources.s3Hosts",
        benchmarks=[{"name": "ceval-gen", "source": {**_S3, "uri": "s3://data/ceval"}}],
    ),
    "s3-host-of-a-benchmark": _benchmark(
        {"sources": {"s3Hosts": []}}, "sources.s3Hosts", data__source=_S3
    ),
    # network and code
    "network-that-is-more": _run({"network": "Restricted"}, "network"),
    "network-that-is-enough": _run(
        {"network": "Restricted"}, None, security={"network": "Restricted"}
    ),
    "network-that-is-less": _run({"network": "Restricted"}, None, security={"network": "Offline"}),
    "network-under-the-lowest": _run(
        {"network": "Offline"}, "network", security={"network": "Restricted"}
    ),
    "network-under-the-highest": _run({"network": "Online"}, None),
    "code-that-is-denied": _run(
        {"codeExecution": "Deny"}, "codeExecution", security={"codeExecution": "Sandboxed"}
    ),
    "code-that-is-not-asked-for": _run({"codeExecution": "Deny"}, None),
    "code-that-is-allowed": _run(
        {"codeExecution": "Sandboxed"}, None, security={"codeExecution": "Sandboxed"}
    ),
    "remote-code-that-is-denied": _model(
        {"trustRemoteCode": "Deny"},
        "trustRemoteCode",
        trustRemoteCode=True,
        source={"uri": "hf://meta/llama", "revision": COMMIT},
    ),
    "remote-code-that-is-not-asked-for": _model({"trustRemoteCode": "Deny"}, None),
    "remote-code-that-is-allowed": _model(
        {"trustRemoteCode": "Allow"},
        None,
        trustRemoteCode=True,
        source={"uri": "hf://meta/llama", "revision": COMMIT},
    ),
    # served models
    "server-in-the-cluster": _served(
        ["*.models.svc"], None, "OpenAI", url="http://llama.models.svc:8000/v1"
    ),
    "server-elsewhere": _served(
        ["*.models.svc"], "servedHosts", "OpenAI", url="http://llama.models.svc.evil.io/v1"
    ),
    "server-behind-a-backslash": _served(
        ["*.models.svc"], "servedHosts", "OpenAI", url="http://evil.io\\.models.svc/v1"
    ),
    "server-by-address": _served(["10.0.0.1"], None, "OpenAI", url="http://10.0.0.1:8000/v1"),
    "provider-by-its-host": _served(["api.deepseek.com"], None, "OpenAI", provider="DeepSeek"),
    "provider-that-is-another": _served(
        ["api.deepseek.com"], "servedHosts", "OpenAI", provider="OpenAI"
    ),
    "protocol-with-a-public-server": _served(["api.deepseek.com"], "servedHosts", "Anthropic"),
    "protocol-that-is-allowed": _served(["api.anthropic.com"], None, "Anthropic"),
    "server-where-none-is-allowed": _served(
        [], "servedHosts", "OpenAI", url="http://llama.models.svc/v1"
    ),
    "loaded-model-where-no-server-is-allowed": _model({"servedHosts": []}, None),
    # servers that Kompass runs
    "managed-image-of-another-registry": _managed(_OWN, "images.allowed", image="evil.io/vllm"),
    "managed-image-by-tag": _managed({"images": {"digestOnly": True}}, "images.digestOnly"),
    "managed-image-of-the-registry": _managed(
        {"images": {"allowed": ["docker.io/vllm/*"], "digestOnly": True}},
        None,
        image=f"docker.io/vllm/vllm-openai@{DIGEST}",
    ),
    "managed-server-is-nobody-else-s": _managed({"servedHosts": []}, None),
    "managed-weights-from-elsewhere": _managed(
        {"sources": {"models": ["hf://meta"]}},
        "sources.models",
        source={"uri": "hf://evil/llama"},
    ),
    "managed-adapter-from-elsewhere": _managed(
        {"sources": {"models": ["hf://meta"]}},
        "sources.models",
        adapters=[{"name": "tuned", "source": {"uri": "hf://evil/adapter"}}],
    ),
    "managed-adapter-of-the-owner": _managed(
        {"sources": {"models": ["hf://meta"]}},
        None,
        adapters=[{"name": "tuned", "source": {"uri": "hf://meta/adapter"}}],
    ),
    "managed-remote-code": _managed(
        {"trustRemoteCode": "Deny"},
        "trustRemoteCode",
        trustRemoteCode=True,
        source={"uri": "hf://meta/llama", "revision": COMMIT},
    ),
    "managed-gpus-of-all-replicas": _managed(
        _limits(maxGpusPerRun=4), "limits.maxGpusPerRun", gpu={"count": 2}, replicas=3
    ),
    "managed-gpus-that-fit": _managed(_limits(maxGpusPerRun=6), None, gpu={"count": 2}, replicas=3),
    # how much
    "shards-that-are-too-many": _run(
        _limits(maxShards=3), "limits.maxShards", sharding={"shardsPerModel": 4}
    ),
    "shards-of-two-models": _run(
        _limits(maxShards=3),
        "limits.maxShards",
        sharding={"shardsPerModel": 2},
        models=[{"name": "a"}, {"name": "b"}],
    ),
    "shards-that-are-few": _run(_limits(maxShards=4), None, sharding={"shardsPerModel": 4}),
    "shards-that-the-plan-counts": _run(
        _limits(maxShards=0), None, sharding={"maxItemsPerShard": 10}
    ),
    "a-shard-a-model": _run(
        _limits(maxShards=1), "limits.maxShards", models=[{"name": "a"}, {"name": "b"}]
    ),
    "parallelism-that-is-too-much": _run(
        _limits(maxParallelism=3), "limits.maxParallelism", execution={"suspend": True}
    ),
    "parallelism-that-fits": _run(
        _limits(maxParallelism=3), None, execution={"suspend": True, "parallelism": 3}
    ),
    "gpus-of-a-shard-beyond-a-run's": _model(
        _limits(maxGpusPerRun=4), "limits.maxGpusPerRun", gpu={"count": 8}
    ),
    "gpus-of-a-shard-beyond-a-namespace's": _model(
        _limits(maxGpusPerNamespace=4), "limits.maxGpusPerNamespace", gpu={"count": 8}
    ),
    "gpus-that-fit": _model(_limits(maxGpusPerRun=8), None, gpu={"count": 8}),
    "gpu-that-is-not-written": _model(_limits(maxGpusPerRun=0), "limits.maxGpusPerRun"),
    "no-gpu": _model(_limits(maxGpusPerRun=0), None, device="CPU"),
    # queues
    "queue-that-is-another": _run(
        {"queues": {"allowed": ["gpu"]}},
        "queues.allowed",
        execution={"suspend": True, "queue": {"name": "other"}},
    ),
    "queue-that-is-allowed": _run(
        {"queues": {"allowed": ["gpu"], "required": True}},
        None,
        execution={"suspend": True, "queue": {"name": "gpu"}},
    ),
    "queue-that-is-missing": _run({"queues": {"required": True}}, "queues.required"),
    "queue-that-nobody-asks-for": _run({"queues": {"allowed": ["gpu"]}}, None),
}
"""By what the case shows."""
