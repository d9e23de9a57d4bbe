"""What a run measures, as one hash: equal hashes ask the same of the same models and data. Pure.

What only says how a run is carried out is left out, and so is what has its default: a release that
adds a field does not change the hash of runs that do not use it.
"""

from __future__ import annotations

from typing import Final

from kompass_api.rundocument import RunDocument, canonical_json, digest_of

_CARRIED_OUT: Final = frozenset(
    {
        "apiKeySecretRef",
        "batchSize",
        "concurrency",
        "credentialsSecret",
        "gpu",
        "idleSeconds",
        "imagePullSecrets",
        "placement",
        "replicas",
        "requestsPerMinute",
        "resources",
        "retryDeadlineSeconds",
        "timeoutSeconds",
        "tokenSecret",
        "tokensPerMinute",
    }
)
"""Fields of a model, and of the sources of models and benchmarks, that change no number."""

_MEASURED: Final = ("profile", "seed", "models", "benchmarks", "table")


def run_hash(document: RunDocument, rerun_token: str | None = None) -> str:
    """`sha256:` over everything the run measures, and the token that asks to measure it anew."""
    dumped = document.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
    )
    measured = {name: _stripped(dumped.get(name)) for name in _MEASURED}
    return digest_of(canonical_json([measured, rerun_token]).encode())


def _stripped(value: object) -> object:
    if isinstance(value, dict):
        kept = {name: held for name, held in value.items() if name not in _CARRIED_OUT}
        return {name: _stripped(held) for name, held in kept.items()}
    return [_stripped(held) for held in value] if isinstance(value, list) else value
