"""Rows of CSV and TSV text.

Pure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kompass_worker.datasets.columns import Names
from kompass_worker.datasets.values import MAX_CHARACTERS, Content, Fields, Record
from kompass_worker.errors import InvalidData

_PARTED_BY: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class _Header:
    """Names of the columns; one without a name, such as a saved index, is left out of the rows."""

    names: tuple[str, ...]
    renamed: int = 0

    def fields(self, cells: Sequence[str], place: str) -> Fields:
        if len(cells) != len(self.names):
            shown = ", ".join(name or "(no name)" for name in self.names)
            raise InvalidData(
                f"{place}: {len(cells)} fields, expected {len(self.names)} ({shown}); quote fields "
                "with commas or line breaks"
            )
        # UTF-8 without NUL and within csv's limit: there is nothing to check in a cell.
        return {name: cell for name, cell in zip(self.names, cells, strict=True) if name}


def table(
    text: str, file: str, names: Names, *, delimiter: str = ",", header: Sequence[str] = ()
) -> Content:
    """The rows of a CSV or TSV file, each with the line where it begins.

    With a `header` the file has none of its own.
    """
    lines = _lines(text, file, delimiter)
    columns = _Header(tuple(header)) if header else _first(lines, file, names)
    records = [
        Record(number, line, columns.fields(cells, f"{file} line {line}"))
        for number, (line, cells) in enumerate(lines, start=1)
    ]
    if header and records and list(records[0].fields.values()) == list(header):
        raise InvalidData(
            f"{file} line {records[0].line}: these are the names of data.header; expected a row: "
            "the file has a header of its own, so remove data.header"
        )
    return Content(records, columns.renamed)


def _lines(text: str, file: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_CHARACTERS)
    # Strict: a stray quote would otherwise swallow the rows after it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidData(
            f"{file} line {line}: {error}; quote fields with commas, quotes or line breaks, and "
            "double the quotes in them"
        ) from error


def _first(lines: Iterator[tuple[int, list[str]]], file: str, names: Names) -> _Header:
    line, cells = next(lines, (1, []))
    if not cells:
        return _Header(())
    place = f"{file} line {line}"
    read = names.read(cells, place)
    twice = sorted({name for name in read if name and read.count(name) > 1})
    if twice:
        raise InvalidData(f"{place}: column {twice[0]!r} stands twice; expected each once")
    names.require(read, place, "column", hint=_delimiter_hint(cells))
    renamed = sum(before != after for before, after in zip(cells, read, strict=True))
    return _Header(tuple(read), renamed)


def _delimiter_hint(cells: Sequence[str]) -> str:
    if len(cells) != 1:
        return ""
    parted = [name for sign, name in _PARTED_BY.items() if sign in cells[0]]
    return f"; the fields seem parted by {parted[0]}: save the file with commas" if parted else ""
