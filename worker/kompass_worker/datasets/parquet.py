"""Rows of a Parquet file, the form in which the hub keeps most data sets.

Reads local files.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from kompass_worker.datasets.columns import Names
from kompass_worker.datasets.documents import content_of
from kompass_worker.datasets.files import MAX_BYTES
from kompass_worker.datasets.values import Content
from kompass_worker.errors import InvalidData, InvalidRequest

_BATCH: Final = 64
"""Rows that are unpacked at once: a few bytes may stand for the longest text, again and again."""


def parquet(path: Path, file: str, names: Names, *, max_bytes: int = MAX_BYTES) -> Content:
    """The rows of a Parquet file; they have no lines, and so many bytes at most when unpacked."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as format_
    except ImportError as error:
        raise InvalidRequest(
            f"{file} is Parquet, which needs pyarrow: install kompass[parquet], or save the data "
            "as JSONL and set data.format"
        ) from error
    try:
        with format_.ParquetFile(path) as opened:
            return content_of(((0, held) for held in _rows(opened, file, max_bytes)), file, names)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidData(f"{file} is no Parquet file that can be read: {reason}") from error


def _rows(opened: Any, file: str, max_bytes: int) -> Iterator[object]:
    size = 0
    for batch in opened.iter_batches(batch_size=_BATCH):
        size += batch.nbytes
        if size > max_bytes:
            raise InvalidData(
                f"{file} has more than {max_bytes} bytes when unpacked; expected less: part it "
                "into subjects with a file each"
            )
        for row in batch.to_pylist():
            yield _plain(row)


def _plain(value: object) -> object:
    """The value with dates and decimals as text, as JSON would have them."""
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    if isinstance(value, date | datetime | time | Decimal):
        return str(value)
    return value
