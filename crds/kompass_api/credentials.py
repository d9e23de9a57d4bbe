"""How a Secret's keys reach a pod: as environment variables, outside the run document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kompass_api.modelendpoint import Backend, ModelEndpointSpec
from kompass_api.rundocument import RunDocument
from kompass_api.serving import DEFAULT_KEY, SPARK_KEYS
from kompass_api.sources import S3Connection, Source

S3_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
HUB_KEYS: Final = ("HF_TOKEN",)


def variable_of(secret: str, key: str) -> str:
    """Environment variable that holds a key of a Secret; distinct names stay distinct."""
    return f"KOMPASS_SECRET__{secret.upper().replace('-', '_')}__{key}"


def secrets_of(document: RunDocument) -> list[tuple[str, str]]:
    """Every (Secret, key) that the run's pods need, sorted, none twice."""
    return sorted(set(_storage_secrets(document.storage.s3)) | set(_source_secrets(document)))


def api_keys_of(document: RunDocument) -> list[tuple[str, str]]:
    """Every (Secret, key) that asking the run's served models needs, sorted, none twice."""
    return sorted({pair for model in document.models for pair in api_key_names(model.spec)})


def api_key_names(endpoint: ModelEndpointSpec) -> list[tuple[str, str]]:
    """The (Secret, key) pairs that open a served model, in the order its protocol has them."""
    reference = endpoint.serving.api_key_secret_ref if endpoint.serving is not None else None
    if reference is None:
        return []
    keys = SPARK_KEYS if endpoint.backend is Backend.SPARK else (reference.key or DEFAULT_KEY,)
    return [(reference.name, key) for key in keys]


def _source_secrets(document: RunDocument) -> Iterator[tuple[str, str]]:
    for source in _sources(document):
        if source.s3 is not None:
            yield from _storage_secrets(source.s3)
        if source.token_secret is not None:
            yield from ((source.token_secret, key) for key in HUB_KEYS)


def _storage_secrets(connection: S3Connection) -> Iterator[tuple[str, str]]:
    if connection.credentials_secret is not None:
        yield from ((connection.credentials_secret, key) for key in S3_KEYS)


def _sources(document: RunDocument) -> Iterator[Source]:
    yield from (source for model in document.models for source in model.spec.sources)
    yield from (source for benchmark in document.benchmarks for source in benchmark.sources)
