"""Rows of a data file, CSV or JSON lines, with everything wrong in it named by file and row.

Reads local files.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from kompass_api.data import Data, DataFormat
from kompass_api.resolution import nearest
from kompass_worker.errors import InputMissing, InvalidData

_MAX_FIELD: Final = 16 * 1024 * 1024
"""Characters of one field; csv's own limit of 128 Ki is less than a long reading passage."""


@dataclass(frozen=True)
class Row:
    """A row as text, its columns in the file's order."""

    index: int
    """From 0, as items are numbered."""
    line: int
    """Line of the file where it begins, from 1."""
    values: tuple[tuple[str, str], ...]
    reference: str

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"row {self.index + 1} (line {self.line})"


class _Record(NamedTuple):
    line: int
    values: tuple[tuple[str, str], ...]


def file_of(data: Data, subject: str, split: str) -> str:
    """Path of a subject's file below the data folder."""
    return data.path.replace("{split}", split).replace("{subject}", subject)


def read_rows(folder: Path, data: Data, subject: str, split: str) -> list[Row]:
    """The rows of a subject's file; without an output column the references are empty.

    Rows of the example split must have an answer, others may come without (a test set to submit).
    """
    file = file_of(data, subject, split)
    content = _content(folder, file)
    records = (
        _csv(content, file, data) if data.format is DataFormat.CSV else _jsonl(content, file, data)
    )
    rows = [_row(index, record, data) for index, record in enumerate(records)]
    if not rows:
        raise InvalidData(f"{file} has no rows; expected at least one")
    _check_columns(rows, file, data)
    if split == data.example_split:
        _check_answers(rows, file, data)
    return rows


def _content(folder: Path, file: str) -> str:
    path = folder / file
    if not path.is_file():
        raise InputMissing(f"{file} is not in the data folder{_nearby(folder, file)}")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InvalidData(
            f"{file} line {line}: not UTF-8 (byte 0x{error.object[error.start]:02x}); "
            "save the file as UTF-8"
        ) from error


def _nearby(folder: Path, file: str) -> str:
    parent = (folder / file).parent
    if parent.is_dir():
        names = [path.name for path in parent.iterdir()]
        return nearest(Path(file).name, names) + f" in {Path(file).parent}/"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return f", which has no folder {Path(file).parent}/{nearest(str(Path(file).parent), names)}"


def _csv(content: str, file: str, data: Data) -> Iterator[_Record]:
    csv.field_size_limit(_MAX_FIELD)
    # Strict: a stray quote would otherwise swallow the rows after it.
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            if fields and header is None:
                header = _header(fields, file, data)
            elif fields and header is not None:
                yield _Record(line, _cells(header, fields, f"{file} line {line}"))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidData(
            f"{file} line {line}: {error}; quote fields with commas, quotes or line breaks, and "
            "double the quotes in them"
        ) from error


def _header(fields: Sequence[str], file: str, data: Data) -> list[str]:
    twice = sorted({name for name in fields if fields.count(name) > 1})
    if twice:
        raise InvalidData(f"{file} line 1: column {twice[0]!r} stands twice")
    _require(data.input_columns, fields, f"{file} line 1", "column")
    return list(fields)


def _cells(header: Sequence[str], fields: Sequence[str], place: str) -> tuple[tuple[str, str], ...]:
    if len(fields) != len(header):
        raise InvalidData(
            f"{place}: {len(fields)} fields, expected {len(header)} ({', '.join(header)}); quote "
            "fields with commas or line breaks"
        )
    return tuple(zip(header, fields, strict=True))


def _jsonl(content: str, file: str, data: Data) -> Iterator[_Record]:
    # Not splitlines(): JSON strings may hold U+2028 and its like as they are.
    for line, text in enumerate(content.split("\n"), start=1):
        if not text.strip():
            continue
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidData(f"{file} line {line}: not JSON: {error}") from error
        if not isinstance(found, dict):
            raise InvalidData(
                f"{file} line {line}: found a JSON {type(found).__name__}; expected an object"
            )
        if found.get(data.output_column) is None:
            found[data.output_column] = ""
        # str() as OpenCompass has it: null is "None" and 3.0 stays "3.0" in a prompt.
        yield _Record(line, tuple((column, str(value)) for column, value in found.items()))


def _row(index: int, record: _Record, data: Data) -> Row:
    reference = dict(record.values).get(data.output_column)
    if reference is not None:
        return Row(index, record.line, record.values, reference)
    return Row(index, record.line, (*record.values, (data.output_column, "")), "")


def _check_columns(rows: Iterable[Row], file: str, data: Data) -> None:
    for row in rows:
        found = [column for column, _ in row.values]
        _require(data.input_columns, found, f"{file} {row.place}", "field")


def _require(wanted: Iterable[str], found: Sequence[str], place: str, noun: str) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InvalidData(
            f"{place}: no {noun} {', '.join(map(repr, missing))} (found: {', '.join(found)}; "
            f"expected: {', '.join(wanted)})"
        )


def _check_answers(rows: Iterable[Row], file: str, data: Data) -> None:
    for row in rows:
        if not row.reference:
            raise InvalidData(
                f"{file} {row.place}: an example without {data.output_column}; expected the answer"
            )
