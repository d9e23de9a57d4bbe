"""The objects that the end-to-end tests apply."""

from __future__ import annotations

from typing import Any

from e2e.kube import Object

API = "kompass.dev/v1alpha1"


def endpoint(name: str, *, uri: str, **spec: Any) -> Object:
    """A model on the CPU that a two-core machine can run beside others."""
    return {
        "apiVersion": API,
        "kind": "ModelEndpoint",
        "metadata": {"name": name},
        "spec": {
            "source": {"uri": uri},
            "device": "CPU",
            "dtype": "Float32",
            "modelType": "Base",
            "resources": {
                "requests": {"cpu": "200m", "memory": "512Mi"},
                "limits": {"memory": "2Gi"},
            },
            **spec,
        },
    }


def evalrun(name: str, *, models: list[str], benchmarks: list[Object], **spec: Any) -> Object:
    """A run with default storage, which measures whatever others have measured before it."""
    return {
        "apiVersion": API,
        "kind": "EvalRun",
        "metadata": {"name": name},
        "spec": {
            "models": [{"name": model} for model in models],
            "benchmarks": benchmarks,
            "reuse": "Never",
            **spec,
        },
    }


def gaokao(name: str = "gaokao", model: str = "tiny-mc", **spec: Any) -> Object:
    """All nine subjects, by generation and by perplexity, in four shards, two at a time."""
    source = {"uri": "s3://kompass/data/gaokao_ceval"}
    return evalrun(
        name,
        models=[model],
        benchmarks=[
            {"name": "ceval-gen", "source": source, "maxNewTokens": 16},
            {"name": "ceval-ppl", "source": source},
        ],
        **{
            "sharding": {"shardsPerModel": 4},
            "execution": {"parallelism": 2},
            **spec,
        },
    )
