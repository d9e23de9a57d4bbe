"""Predictions as objects and back: JSON lines, compressed, with a checksum. Pure."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import NamedTuple

import zstandard
from pydantic import ValidationError

from kompass_api.results import Part, Prediction
from kompass_api.rundocument import canonical_json
from kompass_worker.errors import InvalidData

_LEVEL = 3


class StoredPart(NamedTuple):
    """A part and what is in it."""

    part: Part
    predictions: list[Prediction]


def compressed(lines: Iterable[str]) -> bytes:
    """The lines as one zstandard frame; the same lines give the same bytes."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress("".join(lines).encode())


def decompressed(content: bytes) -> bytes:
    """What was compressed."""
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)) as reader:
        return bytes(reader.read())


def encode_part(predictions: Iterable[Prediction]) -> bytes:
    """The object of a part."""
    rows = (one.model_dump(mode="json", by_alias=True) for one in predictions)
    return compressed(f"{canonical_json(row)}\n" for row in rows)


def decode_part(key: str, attempt: int, content: bytes) -> StoredPart:
    """The part of an object, or InvalidData naming it."""
    try:
        lines = decompressed(content).splitlines()
        predictions = [Prediction.model_validate_json(line) for line in lines]
    except (zstandard.ZstdError, ValidationError) as error:
        raise InvalidData(f"{key} holds no predictions of this version: {error}") from error
    part = Part(key=key, attempt=attempt, rows=len(predictions), sha256=checksum(content))
    return StoredPart(part, predictions)


def checksum(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()
