"""Right and wrong manifests of models whose server Kompass runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import COMMIT, REMOVED, Wrong

_VLLM: Final = {"server": "vLLM", "image": "vllm/vllm-openai:v0.11.0"}
_MANAGED: Final[Mapping[str, object]] = {
    "spec/backend": "OpenAI",
    "spec/serving": {"model": "llama"},
    "spec/managed": _VLLM,
}
_ADAPTER: Final = {"name": "tuned", "source": {"uri": "s3://models/tuned"}}

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "managed-weights-of-a-shard": Wrong(
        "ModelEndpoint", {"spec/managed": _VLLM}, "spec.managed", "managed belongs to backend"
    ),
    "managed-server-with-an-address": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/serving": {"model": "llama", "url": "http://llama:8000/v1"}},
        "spec.serving",
        "belong to a server that runs elsewhere",
    ),
    "managed-server-with-a-key": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/serving": {"model": "llama", "apiKeySecretRef": {"name": "llm"}}},
        "spec.serving",
        "belong to a server that runs elsewhere",
    ),
    "managed-server-without-weights": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/source": REMOVED},
        "spec.source",
        "a managed server loads weights from somewhere",
    ),
    "managed-server-on-cpu-with-gpu": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/device": "CPU", "spec/managed": {**_VLLM, "gpu": {"count": 1}}},
        "spec.managed.gpu",
        "managed.gpu belongs to device CUDA",
    ),
    "managed-remote-code-unpinned": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "trustRemoteCode": True}},
        "spec.managed.trustRemoteCode",
        "managed.trustRemoteCode needs pinned weights",
    ),
    "managed-remote-code-by-argument": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "args": ["--trust-remote-code"]}},
        "spec.managed.args",
        "remote code is allowed by trustRemoteCode",
    ),
    "managed-custom-server-without-a-command": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "server": "Custom"}},
        "spec.managed.command",
        "server Custom needs command",
    ),
    "managed-adapters-of-a-server-that-takes-none": Wrong(
        "ModelEndpoint",
        {
            **_MANAGED,
            "spec/managed": {**_VLLM, "server": "Transformers", "adapters": [_ADAPTER]},
        },
        "spec.managed.adapters",
        "adapters belong to server LMDeploy, vLLM or SGLang",
    ),
    "managed-llama-cpp-without-a-file": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "server": "LlamaCpp"}},
        "spec.managed.file",
        "server LlamaCpp loads one file",
    ),
    "managed-file-outside-its-source": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "file": "../secret"}},
        "spec.managed.file",
        "file must be a path below the source",
    ),
    "managed-variable-of-ours": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "env": [{"name": "KOMPASS_PORT", "value": "1"}]}},
        "spec.managed.env[0].name",
        "variables that begin with KOMPASS_ are set by Kompass",
    ),
    "managed-adapter-with-a-spaced-name": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "adapters": [{**_ADAPTER, "name": "a b"}]}},
        "spec.managed.adapters[0].name",
        "an adapter's name has letters, digits",
    ),
    "managed-variable-with-a-dash": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "env": [{"name": "A-B", "value": "1"}]}},
        "spec.managed.env[0].name",
        "a variable's name has letters, digits and '_'",
    ),
    "managed-health-path-without-a-slash": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "healthPath": "health"}},
        "spec.managed.healthPath",
        "healthPath must begin with '/'",
    ),
}

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "managed-server-unknown": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "server": "Other"}},
        "spec.managed.server",
        "supported values",
    ),
    "managed-server-without-an-image": Wrong(
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {"server": "vLLM"}},
        "spec.managed.image",
        "Required value",
    ),
    "probe-too-often": Wrong(
        "ModelEndpoint",
        {
            "spec/backend": "OpenAI",
            "spec/serving": {
                "model": "m",
                "url": "http://m:8000/v1",
                "probe": {"intervalSeconds": 1},
            },
        },
        "spec.serving.probe.intervalSeconds",
        "greater than or equal to 10",
    ),
}

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "managed-vllm": ("ModelEndpoint", _MANAGED),
    "managed-with-adapters": (
        "ModelEndpoint",
        {**_MANAGED, "spec/managed": {**_VLLM, "adapters": [_ADAPTER], "gpu": {"count": 2}}},
    ),
    "managed-llama-cpp-with-estimated-tokens": (
        "ModelEndpoint",
        {
            **_MANAGED,
            "spec/source": REMOVED,
            "spec/device": "CPU",
            "spec/managed": {
                "server": "LlamaCpp",
                "image": "ghcr.io/ggml-org/llama.cpp:server",
                "source": {"uri": "pvc://models/gguf"},
                "file": "model-Q4_K_M.gguf",
            },
        },
    ),
    "managed-custom": (
        "ModelEndpoint",
        {
            **_MANAGED,
            "spec/managed": {
                "server": "Custom",
                "image": "registry.example.com/server:1",
                "command": ["serve", "$(KOMPASS_MODEL_PATH)", "--port", "$(KOMPASS_PORT)"],
            },
        },
    ),
    "managed-remote-code-pinned": (
        "ModelEndpoint",
        {
            **_MANAGED,
            "spec/source": {"uri": "hf://owner/name", "revision": COMMIT},
            "spec/managed": {**_VLLM, "trustRemoteCode": True},
        },
    ),
    "probe-switched-off": (
        "ModelEndpoint",
        {
            "spec/backend": "OpenAI",
            "spec/source": REMOVED,
            "spec/serving": {
                "model": "m",
                "url": "http://m:8000/v1",
                "probe": {"mode": "Off"},
            },
        },
    ),
}
