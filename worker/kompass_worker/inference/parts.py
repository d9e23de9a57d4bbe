"""Predictions as objects and back: JSON lines, compressed, with a checksum. Pure."""

from __future__ import annotations

import hashlib
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


def decompressed(content: bytes, place: str = "the object") -> bytes:
    """What was compressed, whole, or InvalidData naming the place."""
    reader = zstandard.ZstdDecompressor().decompressobj()
    try:
        found = bytes(reader.decompress(content))
    except zstandard.ZstdError as error:
        raise InvalidData(f"{place} is no zstandard file: {error}; copy it again") from error
    if not reader.eof:
        raise InvalidData(
            f"{place} is cut off: its {len(content)} bytes end within a zstandard frame; copy it "
            "again from where it is whole"
        )
    return found


def encode_part(predictions: Iterable[Prediction]) -> bytes:
    """The object of a part."""
    rows = (one.model_dump(mode="json", by_alias=True) for one in predictions)
    return compressed(f"{canonical_json(row)}\n" for row in rows)


def decode_part(key: str, attempt: int, content: bytes) -> StoredPart:
    """The part of an object, or InvalidData naming it."""
    try:
        lines = decompressed(content, key).splitlines()
        predictions = [Prediction.model_validate_json(line) for line in lines]
    except ValidationError as error:
        raise InvalidData(f"{key} holds no predictions of this version: {error}") from error
    part = Part(key=key, attempt=attempt, rows=len(predictions), sha256=checksum(content))
    return StoredPart(part, predictions)


def checksum(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()
