"""Right manifests of every kind, and wrong ones with what must be said about them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Manifest = dict[str, Any]

REMOVED: Final = object()
"""As a value: the field is taken out."""

_COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"
_DIGEST: Final = "sha256:" + "0" * 64

RIGHT: Final[Mapping[str, Manifest]] = {
    "EvalRun": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": "demo"},
        "spec": {
            "models": [{"name": "llama"}],
            "benchmarks": [{"name": "ceval-gen", "source": {"uri": "s3://data/ceval"}}],
            # The table is also tried beside an operator: it starts nothing.
            "execution": {"suspend": True},
        },
    },
    "ModelEndpoint": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": "llama"},
        "spec": {"source": {"uri": "hf://meta/llama"}},
    },
    "Benchmark": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "Benchmark",
        "metadata": {"name": "trivia"},
        "spec": {
            "data": {
                "source": {"uri": "hf://datasets/acme/trivia"},
                "inputColumns": ["question"],
                "outputColumn": "answer",
            },
            "prompt": {
                "rounds": [
                    {"role": "HUMAN", "prompt": "{question}"},
                    {"role": "BOT", "prompt": "{answer}"},
                ]
            },
            "method": "Generation",
            "extraction": "first_capital",
        },
    },
}


@dataclass(frozen=True)
class Wrong:
    """A manifest that must be refused: the changes that spoil a right one, and the answer."""

    kind: str
    changes: Mapping[str, object]
    field: str
    """Path that the API server names."""
    fix: str
    """Words that say what to do; those of a rule of ours, or the API server's own."""

    @property
    def manifest(self) -> Manifest:
        """The spoilt manifest."""
        return changed(RIGHT[self.kind], self.changes)


def changed(manifest: Mapping[str, Any], changes: Mapping[str, object]) -> Manifest:
    """A copy with values set at dotted paths; a number is a place in a list."""
    result = copy.deepcopy(dict(manifest))
    for path, value in changes.items():
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("/"))
        node: Any = result
        for part in parents:
            node = node[part] if isinstance(part, int) else node.setdefault(part, {})
        if value is REMOVED:
            del node[last]
        else:
            node[last] = value
    return result


_LABEL: Final = "use lower-case letters, digits and '-'"
_URI: Final = "uri must be hf://owner/name, hf://datasets/owner/name, s3://bucket/prefix"

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "run-name-too-long": Wrong(
        "EvalRun", {"metadata/name": "a" * 41}, "metadata.name", "at most 40 characters"
    ),
    "run-name-with-dots": Wrong(
        "EvalRun", {"metadata/name": "llama-3.1"}, "metadata.name", "must be a DNS label"
    ),
    "endpoint-name-with-dots": Wrong(
        "ModelEndpoint", {"metadata/name": "llama-3.1"}, "metadata.name", "must be a DNS label"
    ),
    "benchmark-name-with-dots": Wrong(
        "Benchmark", {"metadata/name": "mmlu.pro"}, "metadata.name", "must be a DNS label"
    ),
    "model-name-in-capitals": Wrong(
        "EvalRun", {"spec/models/0/name": "Llama"}, "spec.models[0].name", f"found Llama; {_LABEL}"
    ),
    "benchmark-name-with-underscore": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/name": "ceval_gen"},
        "spec.benchmarks[0].name",
        f"found ceval_gen; {_LABEL}",
    ),
    "subject-is-a-path": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/subjects": ["../law"]},
        "spec.benchmarks[0].subjects[0]",
        "a subject's name has letters, digits",
    ),
    "run-takes-a-model-for-data": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/source": {"uri": "hf://meta/llama"}},
        "spec.benchmarks[0].source.uri",
        "a data set on the hub is hf://datasets/owner/name",
    ),
    "two-ways-to-shard": Wrong(
        "EvalRun",
        {"spec/sharding": {"shardsPerModel": 2, "maxItemsPerShard": 100}},
        "spec.sharding",
        "takes shardsPerModel or maxItemsPerShard, not both: remove one",
    ),
    "storage-is-no-bucket": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "/mnt/results"}},
        "spec.storage.uri",
        "uri must be s3://bucket/prefix",
    ),
    "storage-bucket-in-capitals": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://Results/x"}},
        "spec.storage.uri",
        "a bucket's name has 3 to 63 lower-case letters",
    ),
    "storage-leaves-its-prefix": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results/a/../b"}},
        "spec.storage.uri",
        "must not contain '..'",
    ),
    "storage-endpoint-without-scheme": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"endpoint": "minio:9000"}}},
        "spec.storage.s3.endpoint",
        "endpoint must be a URL such as https://",
    ),
    "storage-endpoint-with-password": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"endpoint": "https://me:pw@minio:9000"}}},
        "spec.storage.s3.endpoint",
        "put them into a Secret and name it in credentialsSecret",
    ),
    "storage-region-in-capitals": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"region": "EU Central"}}},
        "spec.storage.s3.region",
        "use lower-case letters, digits and '-', such as eu-central-1",
    ),
    "queue-name-with-slash": Wrong(
        "EvalRun",
        {"spec/execution/queue": {"name": "team/gpu"}},
        "spec.execution.queue.name",
        _LABEL,
    ),
    "source-of-unknown-scheme": Wrong(
        "ModelEndpoint", {"spec/source/uri": "gs://models/llama"}, "spec.source.uri", _URI
    ),
    "source-without-scheme": Wrong(
        "ModelEndpoint", {"spec/source/uri": "meta/llama"}, "spec.source.uri", _URI
    ),
    "source-is-a-web-page": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "https://huggingface.co/meta/llama"},
        "spec.source.uri",
        _URI,
    ),
    "source-file-is-relative": Wrong(
        "ModelEndpoint", {"spec/source/uri": "file://models"}, "spec.source.uri", "file:///folder"
    ),
    "source-leaves-its-claim": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "pvc://models/../../etc"},
        "spec.source.uri",
        "must not contain '..': write the folder out",
    ),
    "source-is-a-data-set": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "hf://datasets/acme/trivia"},
        "spec.source.uri",
        "a model on the hub is hf://owner/name",
    ),
    "revision-of-a-bucket": Wrong(
        "ModelEndpoint",
        {"spec/source": {"uri": "s3://models/llama", "revision": "main"}},
        "spec.source.revision",
        "revision belongs to hf:// sources: remove it, or pin other sources with digest",
    ),
    "revision-with-a-space": Wrong(
        "ModelEndpoint",
        {"spec/source/revision": "my branch"},
        "spec.source.revision",
        "revision must be a branch, tag or commit on the hub",
    ),
    "token-for-a-bucket": Wrong(
        "ModelEndpoint",
        {"spec/source": {"uri": "s3://models/llama", "tokenSecret": "hub"}},
        "spec.source.tokenSecret",
        "tokenSecret belongs to hf:// sources: remove it; s3:// takes s3.credentialsSecret",
    ),
    "connection-for-the-hub": Wrong(
        "ModelEndpoint",
        {"spec/source/s3": {"credentialsSecret": "s3"}},
        "spec.source.s3",
        "s3 belongs to s3:// sources: remove it",
    ),
    "digest-too-short": Wrong(
        "ModelEndpoint",
        {"spec/source/digest": "sha256:abc"},
        "spec.source.digest",
        "use sha256: and 64 hexadecimal digits",
    ),
    "remote-code-of-a-branch": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source/revision": "main"},
        "spec.trustRemoteCode",
        "set source.revision to a full commit id (40 hexadecimal digits)",
    ),
    "remote-code-of-anything": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True},
        "spec.trustRemoteCode",
        "set source.revision to a full commit id (40 hexadecimal digits)",
    ),
    "remote-code-of-an-unpinned-bucket": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source": {"uri": "s3://models/llama"}},
        "spec.trustRemoteCode",
        "set source.digest, or trustRemoteCode to false",
    ),
    "gpu-on-cpu": Wrong(
        "ModelEndpoint",
        {"spec/device": "CPU", "spec/gpu": {"count": 1}},
        "spec.gpu",
        "gpu belongs to device CUDA: remove gpu, or set device to CUDA",
    ),
    "gpu-resource-with-space": Wrong(
        "ModelEndpoint",
        {"spec/gpu": {"resourceName": "nvidia gpu"}},
        "spec.gpu.resourceName",
        "such as nvidia.com/gpu",
    ),
    "memory-in-words": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"limits": {"memory": "8 GB"}}},
        "spec.resources.limits.memory",
        "use a quantity such as 2, 500m or 8Gi",
    ),
    "negative-cpu": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"requests": {"cpu": -1}}},
        "spec.resources.requests.cpu",
        "use a quantity such as 2, 500m or 8Gi",
    ),
    "node-label-key-with-space": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"gpu type": "a100"}}},
        "spec.placement.nodeSelector",
        "use a qualified name",
    ),
    "node-label-value-with-space": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"gpu": "a 100"}}},
        "spec.placement.nodeSelector[gpu]",
        "use letters, digits, '-', '_' and '.'",
    ),
    "toleration-exists-with-value": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}},
        "spec.placement.tolerations[0].value",
        "operator Exists takes no value: remove value, or use operator Equal",
    ),
    "toleration-equal-without-key": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"value": "b"}]}},
        "spec.placement.tolerations[0]",
        "operator Equal needs a key: set key, or use operator Exists",
    ),
    "image-with-space": Wrong(
        "ModelEndpoint",
        {"spec/image": "kompass worker"},
        "spec.image",
        "image must be an image reference such as",
    ),
    "pull-secret-in-capitals": Wrong(
        "ModelEndpoint",
        {"spec/imagePullSecrets": ["Registry"]},
        "spec.imagePullSecrets[0]",
        "use lower-case letters, digits, '-' and '.'",
    ),
    "runtime-class-in-capitals": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"runtimeClassName": "NVIDIA"}},
        "spec.placement.runtimeClassName",
        "use lower-case letters, digits, '-' and '.'",
    ),
    "perplexity-without-labels": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": "none"},
        "spec.prompt.labels",
        "set at least two labels, or use method Generation",
    ),
    "perplexity-with-one-label": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": "none", "spec/prompt/labels": ["A"]},
        "spec.prompt.labels",
        "set at least two labels, or use method Generation",
    ),
    "generation-with-labels": Wrong(
        "Benchmark",
        {"spec/prompt/labels": ["A", "B"]},
        "spec.prompt.labels",
        "use method Generation and remove them",
    ),
    "generation-with-one-label": Wrong(
        "Benchmark",
        {"spec/prompt/labels": ["A"]},
        "spec.prompt.labels",
        "use method Generation and remove them",
    ),
    "perplexity-with-extraction": Wrong(
        "Benchmark",
        {"spec/method": "Perplexity", "spec/prompt/labels": ["A", "B"]},
        "spec.extraction",
        "extraction belongs to method Generation",
    ),
    "perplexity-with-token-limit": Wrong(
        "Benchmark",
        {
            "spec/method": "Perplexity",
            "spec/extraction": "none",
            "spec/prompt/labels": ["A", "B"],
            "spec/generation": {"maxNewTokens": 8},
        },
        "spec.generation",
        "remove generation.maxNewTokens and generation.stop",
    ),
    "perplexity-without-a-place": Wrong(
        "Benchmark",
        {
            "spec/method": "Perplexity",
            "spec/extraction": "none",
            "spec/prompt": {
                "labels": ["A", "B"],
                "rounds": [{"role": "HUMAN", "prompt": "{question}"}],
            },
        },
        "spec.prompt.rounds",
        "write data.outputColumn in braces where the answer stands",
    ),
    "examples-without-answers": Wrong(
        "Benchmark",
        {
            "spec/examples": {"ids": [0, 1]},
            "spec/prompt/rounds": [{"role": "HUMAN", "prompt": "{question}"}],
        },
        "spec.examples.ids",
        "examples.ids needs examples that show their answer",
    ),
    "two-subjects-in-one-file": Wrong(
        "Benchmark",
        {
            "spec/subjects": [{"name": "law"}, {"name": "logic"}],
            "spec/data/path": "{split}.jsonl",
        },
        "spec.data.path",
        "data.path must contain {subject}",
    ),
    "two-subjects-in-one-row": Wrong(
        "Benchmark",
        {"spec/subjects": [{"name": "law"}, {"name": "logic"}], "spec/rowName": "trivia"},
        "spec.rowName",
        "rowName must contain {subject}",
    ),
    "path-with-unknown-placeholder": Wrong(
        "Benchmark",
        {"spec/data/path": "{language}/{subject}.csv"},
        "spec.data.path",
        "only {split} and {subject} are filled in",
    ),
    "path-is-absolute": Wrong(
        "Benchmark",
        {"spec/data/path": "/data/{subject}.csv"},
        "spec.data.path",
        "path must be a file below the source",
    ),
    "path-leaves-the-source": Wrong(
        "Benchmark",
        {"spec/data/path": "../{subject}.csv"},
        "spec.data.path",
        "must not contain '..'",
    ),
    "row-name-with-space": Wrong(
        "Benchmark", {"spec/rowName": "my row"}, "spec.rowName", "such as my-set-{subject}"
    ),
    "split-with-slash": Wrong(
        "Benchmark",
        {"spec/data/testSplit": "a/b"},
        "spec.data.testSplit",
        "a split's name has letters, digits, '_' and '-'",
    ),
    "column-with-space": Wrong(
        "Benchmark",
        {"spec/data/inputColumns": ["the question"]},
        "spec.data.inputColumns[0]",
        "a column's name has letters, digits and '_'",
    ),
    "benchmark-takes-a-model-for-data": Wrong(
        "Benchmark",
        {"spec/data/source/uri": "hf://acme/trivia"},
        "spec.data.source.uri",
        "a data set on the hub is hf://datasets/owner/name",
    ),
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "no-models": Wrong("EvalRun", {"spec/models": REMOVED}, "spec.models", "Required value"),
    "empty-models": Wrong(
        "EvalRun", {"spec/models": []}, "spec.models", "should have at least 1 items"
    ),
    "seventeen-models": Wrong(
        "EvalRun",
        {"spec/models": [{"name": f"m{index}"} for index in range(17)]},
        "spec.models",
        "must have at most 16 items",
    ),
    "sixty-five-benchmarks": Wrong(
        "EvalRun",
        {"spec/benchmarks": [{"name": f"b{index}"} for index in range(65)]},
        "spec.benchmarks",
        "must have at most 64 items",
    ),
    "same-model-twice": Wrong(
        "EvalRun",
        {"spec/models": [{"name": "llama"}, {"name": "llama"}]},
        "spec.models[1]",
        'Duplicate value: {"name":"llama"}',
    ),
    "same-benchmark-twice": Wrong(
        "EvalRun",
        {"spec/benchmarks": [{"name": "a"}, {"name": "a"}]},
        "spec.benchmarks[1]",
        'Duplicate value: {"name":"a"}',
    ),
    "misspelt-field": Wrong(
        "EvalRun", {"spec/execution/parallel": 2}, "spec.execution.parallel", "unknown field"
    ),
    "misspelt-field-deep-inside": Wrong(
        "ModelEndpoint", {"spec/source/url": "hf://a/b"}, "spec.source.url", "unknown field"
    ),
    "no-parallelism": Wrong(
        "EvalRun",
        {"spec/execution/parallelism": 0},
        "spec.execution.parallelism",
        "should be greater than or equal to 1",
    ),
    "half-a-shard": Wrong(
        "EvalRun",
        {"spec/execution/parallelism": 1.5},
        "spec.execution.parallelism",
        "must be of type integer",
    ),
    "number-as-text": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/limit": "all"},
        "spec.benchmarks[0].limit",
        "must be of type integer",
    ),
    "limit-of-nothing": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/limit": 0},
        "spec.benchmarks[0].limit",
        "should be greater than or equal to 1",
    ),
    "deadline-of-a-second": Wrong(
        "EvalRun",
        {"spec/execution/deadlineSeconds": 1},
        "spec.execution.deadlineSeconds",
        "should be greater than or equal to 60",
    ),
    "too-many-shards": Wrong(
        "EvalRun",
        {"spec/sharding": {"shardsPerModel": 513}},
        "spec.sharding.shardsPerModel",
        "should be less than or equal to 512",
    ),
    "unknown-profile": Wrong(
        "EvalRun",
        {"spec/profile": "lm-eval"},
        "spec.profile",
        'supported values: "opencompass@0.5"',
    ),
    "name-too-long": Wrong(
        "EvalRun", {"spec/models/0/name": "a" * 64}, "spec.models[0].name", "more than 63 bytes"
    ),
    "no-source": Wrong("ModelEndpoint", {"spec/source": {}}, "spec.source.uri", "Required value"),
    "device-in-small-letters": Wrong(
        "ModelEndpoint", {"spec/device": "cpu"}, "spec.device", 'supported values: "CUDA", "CPU"'
    ),
    "unknown-backend": Wrong(
        "ModelEndpoint", {"spec/backend": "vLLM"}, "spec.backend", 'supported values: "HuggingFace"'
    ),
    "torch-dtype": Wrong(
        "ModelEndpoint",
        {"spec/dtype": "bfloat16"},
        "spec.dtype",
        'supported values: "Auto", "Float32", "BFloat16", "Float16"',
    ),
    "fraction-of-a-core-unquoted": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"requests": {"cpu": 0.5}}},
        "spec.resources.requests.cpu",
        "must be of type integer,string",
    ),
    "gpu-as-number": Wrong("ModelEndpoint", {"spec/gpu": 1}, "spec.gpu", "must be of type object"),
    "seventeen-gpus": Wrong(
        "ModelEndpoint",
        {"spec/gpu": {"count": 17}},
        "spec.gpu.count",
        "should be less than or equal to 16",
    ),
    "unknown-taint-effect": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"key": "a", "effect": "Never"}]}},
        "spec.placement.tolerations[0].effect",
        'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ),
    "no-prompt": Wrong("Benchmark", {"spec/prompt": REMOVED}, "spec.prompt", "Required value"),
    "unknown-extraction": Wrong(
        "Benchmark",
        {"spec/extraction": "last_capital"},
        "spec.extraction",
        "supported values: ",
    ),
    "unknown-role": Wrong(
        "Benchmark",
        {"spec/prompt/rounds/0/role": "user"},
        "spec.prompt.rounds[0].role",
        'supported values: "SYSTEM", "HUMAN", "BOT"',
    ),
    "same-subject-twice": Wrong(
        "Benchmark",
        {"spec/subjects": [{"name": "law"}, {"name": "law"}]},
        "spec.subjects[1]",
        "Duplicate value",
    ),
    "same-group-twice": Wrong(
        "Benchmark",
        {
            "spec/groups": [
                {"name": "all", "subjects": ["law"]},
                {"name": "all", "subjects": ["logic"]},
            ]
        },
        "spec.groups[1]",
        "Duplicate value",
    ),
    "negative-example": Wrong(
        "Benchmark",
        {"spec/examples": {"ids": [-1]}},
        "spec.examples.ids[0]",
        "should be greater than or equal to 0",
    ),
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "run-as-short-as-can-be": ("EvalRun", {}),
    "run-name-of-forty-characters": ("EvalRun", {"metadata/name": "a" * 40}),
    "hub-without-revision": ("ModelEndpoint", {}),
    "hub-with-branch": ("ModelEndpoint", {"spec/source/revision": "refs/pr/3"}),
    "hub-without-owner": ("ModelEndpoint", {"spec/source/uri": "hf://gpt2"}),
    "remote-code-pinned": (
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source/revision": _COMMIT},
    ),
    "remote-code-in-a-pinned-bucket": (
        "ModelEndpoint",
        {
            "spec/trustRemoteCode": True,
            "spec/source": {"uri": "s3://models/llama", "digest": _DIGEST},
        },
    ),
    "whole-cores-as-number": ("ModelEndpoint", {"spec/resources": {"requests": {"cpu": 2}}}),
    "file-for-kompass-run": ("ModelEndpoint", {"spec/source/uri": "file:///models/llama"}),
    "claim": ("ModelEndpoint", {"spec/source/uri": "pvc://models/llama"}),
    "every-taint": ("ModelEndpoint", {"spec/placement": {"tolerations": [{"operator": "Exists"}]}}),
    "node-labels": (
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100"}}},
    ),
    "perplexity": (
        "Benchmark",
        {"spec/method": "Perplexity", "spec/extraction": "none", "spec/prompt/labels": ["A", "B"]},
    ),
    "examples-with-answers": ("Benchmark", {"spec/examples": {"ids": [0, 1]}}),
    "one-subject-in-one-file": (
        "Benchmark",
        {"spec/subjects": [{"name": "law"}], "spec/data/path": "law.csv", "spec/rowName": "law"},
    ),
    "data-left-to-the-run": ("Benchmark", {"spec/data/source": REMOVED}),
}
