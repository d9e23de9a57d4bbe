"""Lists in a row's fields, which are texts.

Pure.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

from kompass_worker.errors import InvalidData


def texts(written: str) -> tuple[str, ...]:
    """The texts of a list that is written as JSON or as Python prints it; else the one text."""
    found = _list(written)
    return (written,) if found is None else tuple(str(each) for each in found)


def list_field(row: Mapping[str, str], column: str) -> tuple[str, ...]:
    """The texts of a row's field that must be a list."""
    return tuple(str(each) for each in _field(row, column))


def nested_field(row: Mapping[str, str], column: str) -> tuple[tuple[str, ...], ...]:
    """A list of texts or of lists of texts, each as a list."""
    return tuple(
        tuple(map(str, each)) if isinstance(each, list) else (str(each),)
        for each in _field(row, column)
    )


def text_field(row: Mapping[str, str], column: str) -> str:
    """A row's field; says which there are if it has none of that name."""
    if column not in row:
        raise InvalidData(
            f"the metric needs the field {column!r} of a row (has: {', '.join(row) or 'none'}): "
            "keep it in data.keep, or name another in the metric's arguments"
        )
    return row[column]


def _field(row: Mapping[str, str], column: str) -> list[object]:
    written = text_field(row, column)
    found = _list(written)
    if found is None:
        raise InvalidData(f"field {column!r} holds {written[:80]!r}; expected a list of texts")
    return found


def _list(written: str) -> list[object] | None:
    held = written.strip()
    if not (held.startswith("[") and held.endswith("]")):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found: object = read(held)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return found
    return None
