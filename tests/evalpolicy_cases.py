"""Right and wrong EvalPolicy manifests, with what must be said about the wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import LABEL, Wrong

_KEY: Final = "use a qualified name"
_EXPRESSIONS: Final = "spec/namespaceSelector"

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "policy-for-a-namespace-in-capitals": Wrong(
        "EvalPolicy", {"spec/namespaces": ["Team"]}, "spec.namespaces[0]", f"found Team; {LABEL}"
    ),
    "policy-selects-by-a-broken-key": Wrong(
        "EvalPolicy",
        {"spec/namespaceSelector": {"matchLabels": {"a b": "c"}}},
        "spec.namespaceSelector.matchLabels",
        _KEY,
    ),
    "policy-selects-by-a-broken-value": Wrong(
        "EvalPolicy",
        {"spec/namespaceSelector": {"matchLabels": {"tier": "a b"}}},
        "spec.namespaceSelector.matchLabels",
        "use letters, digits, '-', '_' and '.'",
    ),
    "policy-expression-with-a-broken-key": Wrong(
        "EvalPolicy",
        {_EXPRESSIONS: {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
        "spec.namespaceSelector.matchExpressions[0].key",
        "use a qualified name",
    ),
    "policy-expression-with-a-broken-value": Wrong(
        "EvalPolicy",
        {
            _EXPRESSIONS: {
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a b"]}]
            }
        },
        "spec.namespaceSelector.matchExpressions[0].values[0]",
        "use letters, digits, '-', '_' and '.'",
    ),
    "policy-expression-in-nothing": Wrong(
        "EvalPolicy",
        {_EXPRESSIONS: {"matchExpressions": [{"key": "tier", "operator": "In"}]}},
        "spec.namespaceSelector.matchExpressions[0].values",
        "In and NotIn need values",
    ),
    "policy-allows-every-registry": Wrong(
        "EvalPolicy",
        {"spec/images": {"allowed": ["registry*"]}},
        "spec.images.allowed[0]",
        "none before the first '/'",
    ),
    "policy-with-a-pattern-for-models": Wrong(
        "EvalPolicy",
        {"spec/sources": {"models": ["hf://meta*"]}},
        "spec.sources.models[0]",
        "use the beginning of a URI, without *",
    ),
    "policy-with-a-folder-for-data": Wrong(
        "EvalPolicy",
        {"spec/sources": {"data": ["file:///data"]}},
        "spec.sources.data[0]",
        "use the beginning of a URI",
    ),
    "policy-with-a-folder-for-storage": Wrong(
        "EvalPolicy",
        {"spec/sources": {"storage": ["/mnt/results"]}},
        "spec.sources.storage[0]",
        "use the beginning of a URI",
    ),
    "policy-with-a-url-for-an-s3-host": Wrong(
        "EvalPolicy",
        {"spec/sources": {"s3Hosts": ["https://s3.example.com"]}},
        "spec.sources.s3Hosts[0]",
        "use a host's name or address",
    ),
    "policy-with-a-star-within-a-host": Wrong(
        "EvalPolicy",
        {"spec/servedHosts": ["api.*.com"]},
        "spec.servedHosts[0]",
        "use a host's name or address",
    ),
    "policy-with-a-broken-queue": Wrong(
        "EvalPolicy",
        {"spec/queues": {"allowed": ["a/b"]}},
        "spec.queues.allowed[0]",
        f"found a/b; {LABEL}",
    ),
}

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "policy-with-an-unknown-network": Wrong(
        "EvalPolicy", {"spec/network": "Airgapped"}, "spec.network", "Unsupported value"
    ),
    "policy-with-an-unknown-field": Wrong(
        "EvalPolicy", {"spec/maxGPUs": 4}, "spec.maxGPUs", "unknown field"
    ),
    "policy-with-a-negative-limit": Wrong(
        "EvalPolicy",
        {"spec/limits": {"maxShards": -1}},
        "spec.limits.maxShards",
        "should be greater than or equal to 0",
    ),
}

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "policy-that-allows-everything": ("EvalPolicy", {"spec": {}}),
    "policy-with-everything": (
        "EvalPolicy",
        {
            "spec": {
                "namespaces": ["team-a"],
                "namespaceSelector": {
                    "matchLabels": {"tier": "research"},
                    "matchExpressions": [{"key": "trusted", "operator": "DoesNotExist"}],
                },
                "images": {"allowed": ["registry.example.com/kompass/*"], "digestOnly": True},
                "sources": {
                    "models": ["hf://meta-llama", "s3://models/approved"],
                    "data": ["hf://datasets/"],
                    "storage": [],
                    "s3Hosts": ["s3.amazonaws.com", "*.example.com"],
                },
                "network": "Restricted",
                "codeExecution": "Deny",
                "trustRemoteCode": "Deny",
                "servedHosts": ["*.models.svc"],
                "limits": {
                    "maxShards": 64,
                    "maxParallelism": 16,
                    "maxGpusPerRun": 8,
                    "maxGpusPerNamespace": 16,
                },
                "queues": {"allowed": ["gpu"], "required": True},
            }
        },
    ),
    "run-that-stays-offline": (
        "EvalRun",
        {"spec/security": {"network": "Offline", "codeExecution": "Deny"}},
    ),
}
