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

_BATCH: Final = 1024


def parquet(path: Path, file: str, names: Names) -> Content:
    """The rows of a Parquet file; they have no lines."""
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
            _check_size(opened.metadata, file)
            return content_of(((0, held) for held in _rows(opened)), file, names)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidData(f"{file} is no Parquet file that can be read: {reason}") from error


def _check_size(metadata: Any, file: str) -> None:
    # Compressed a thousandfold, a small file could take all memory.
    size = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
    if size > MAX_BYTES:
        raise InvalidData(
            f"{file} has {size} bytes when unpacked; expected at most {MAX_BYTES}: part it into "
            "subjects with a file each"
        )


def _rows(opened: Any) -> Iterator[object]:
    for batch in opened.iter_batches(batch_size=_BATCH):
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
