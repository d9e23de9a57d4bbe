"""Rows of a benchmark's data files, with everything wrong in them named by file and row.

Reads local files. A row is read, left out or kept by `where`, gets its derived fields, has its
answer settled, is rotated, cut to the range, and becomes text, in this order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.data import Data, DataFormat
from kompass_worker.datasets.answers import LETTERS, choices_of, hint, settled
from kompass_worker.datasets.circular import PATTERN, QUESTION, rotations
from kompass_worker.datasets.columns import Names, names_of, require
from kompass_worker.datasets.documents import json_document, json_lines
from kompass_worker.datasets.expressions import Expression
from kompass_worker.datasets.files import file_of, located, text_of_file
from kompass_worker.datasets.parquet import parquet
from kompass_worker.datasets.tables import table
from kompass_worker.datasets.values import Content, Record, text_of
from kompass_worker.errors import InvalidData

_log: Final = logging.getLogger(__name__)
_SHOWN: Final = 60
_ADDED: Final = (QUESTION, PATTERN)


@dataclass(frozen=True)
class Row:
    """A row as text, its columns in the order in which a prompt is filled with them."""

    index: int
    """From 0, as items are numbered: rows that are left out have none."""
    line: int
    """Line of the file where it begins, from 1; 0 where the format has no lines."""
    values: tuple[tuple[str, str], ...]
    reference: str
    fields: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    """The columns as the data has them: numbers, lists and objects are what they were."""
    number: int = 0
    """Row of the file, from 1, those that are left out included."""

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return Record(self.number or self.index + 1, self.line, {}).place


@dataclass(frozen=True)
class Reading:
    """The rows of a file, and what was done to get them."""

    file: str
    """Path below the data folder."""
    rows: list[Row]
    left_out: int = 0
    """Rows for which data.where does not hold."""
    renamed: int = 0
    """Columns whose names were not read as they stand: ` Question` for question."""
    corrected: int = 0
    """Answers that were not read as they stand: `(a)` for A."""


def read_rows(folder: Path, data: Data, subject: str, split: str) -> list[Row]:
    """The rows of a subject's file as they stand; without an output column no references.

    Rows of the example split must have an answer, others may come without (a test set to submit).
    """
    return _reading(folder, data, file_of(data, subject, split), split).rows


def read_subject(folder: Path, spec: BenchmarkSpec, subject: Subject, split: str) -> Reading:
    """The rows of a subject's split, as read_rows has them.

    Own data is read for what it means: the case, width and brackets of a choice and the spaces of
    a column's name do not matter. Data of a benchmark that equals OpenCompass' is read exactly.
    """
    file = file_of(spec.data, subject.name, split, subject.title)
    if spec.open_compass is not None:
        reading = _reading(folder, spec.data, file, split)
    else:
        choices = choices_of(spec, subject)
        reading = _reading(folder, spec.data, file, split, choices=choices, exact=False)
    if reading.left_out or reading.renamed or reading.corrected:
        _log.info(
            "read a data file, not all of it as it stands",
            extra={
                "file": file,
                "rows": len(reading.rows),
                "rows_left_out": reading.left_out,
                "columns_renamed": reading.renamed,
                "answers_corrected": reading.corrected,
            },
        )
    return reading


def _reading(
    folder: Path,
    data: Data,
    file: str,
    split: str,
    *,
    choices: Sequence[str] = (),
    exact: bool = True,
) -> Reading:
    content = read_content(
        folder,
        file,
        data.format,
        names_of(data, exact=exact),
        header=data.header,
        records=data.records,
    )
    kept = _kept(content.records, file, data)
    if not kept:
        without = ": data.where leaves out all of them" if content.records else ""
        raise InvalidData(f"{file} has no rows{without}; expected at least one")
    derived = list(_derived(kept, file, data)) if data.columns else kept
    answered = [_settled(record, file, data, choices) for record in derived]
    asked = _asked(answered, file, data) if split == data.test_split else answered
    rows = [_row(index, record, file, data) for index, record in enumerate(asked)]
    if split == data.example_split != data.test_split:
        _check_answers(rows, file, data)
    return Reading(
        file,
        rows,
        left_out=len(content.records) - len(kept),
        renamed=content.renamed,
        corrected=sum(old is not new for old, new in zip(derived, answered, strict=True)),
    )


def read_content(
    folder: Path,
    file: str,
    form: DataFormat,
    names: Names,
    *,
    header: Sequence[str] = (),
    records: str = "",
) -> Content:
    """The rows of a file as they stand, their columns checked."""
    if form is DataFormat.PARQUET:
        return parquet(located(folder, file), file, names)
    text = text_of_file(folder, file)
    if form is DataFormat.JSON:
        return json_document(text, file, names, records)
    if form is DataFormat.JSONL:
        return json_lines(text, file, names)
    return table(
        text, file, names, delimiter="\t" if form is DataFormat.TSV else ",", header=header
    )


def _kept(records: Sequence[Record], file: str, data: Data) -> Sequence[Record]:
    if not data.where:
        return records
    where = Expression.of(data.where, "data.where")
    return [held for held in records if where.holds(held.fields, f"{file} {held.place}")]


def _derived(records: Iterable[Record], file: str, data: Data) -> Iterator[Record]:
    columns = [
        (column.name, Expression.of(column.expression, f"data.columns {column.name}"))
        for column in data.columns
    ]
    for record in records:
        fields = dict(record.fields)
        place = f"{file} {record.place}"
        for name, expression in columns:
            fields[name] = expression.value(fields, place)
            if fields[name] is None and name != data.output_column:
                raise InvalidData(
                    f"{place}: data.columns {name} {expression.text!r} gives null (the row has "
                    f"{', '.join(record.fields)}); correct it, or write `|| ''` where it may"
                )
        yield replace(record, fields=fields)


def _settled(record: Record, file: str, data: Data, choices: Sequence[str]) -> Record:
    """The record with the choice that its answer means; itself where that is what it says."""
    answer = record.fields.get(data.output_column)
    text = "" if answer is None else text_of(answer)
    if not choices or not text or text in choices:
        return record
    meant = settled(text, choices)
    if meant is None:
        shown = ", ".join(choices) if choices != LETTERS else "one letter from A to Z"
        raise InvalidData(
            f"{file} {record.place}: {data.output_column} is {text[:_SHOWN]!r}; expected "
            f"{shown}{hint(text, choices, record.fields)}"
        )
    return replace(record, fields=record.fields | {data.output_column: meant})


def _asked(records: Sequence[Record], file: str, data: Data) -> Sequence[Record]:
    if data.circular:
        for record in records:
            place = f"{file} {record.place}"
            require(data.circular, list(record.fields), place, "option for data.circular")
        records = [
            turned
            for place, record in enumerate(records)
            for turned in rotations(record, data.circular, data.output_column, place)
        ]
    if not data.test_range:
        return records
    ends = [int(end) if end else None for end in data.test_range.split(":")]
    if not records[slice(*ends)]:
        raise InvalidData(
            f"{file} has {len(records)} rows to ask, of which data.testRange "
            f"{data.test_range!r} takes none; expected at least one"
        )
    return records[slice(*ends)]


def _row(index: int, record: Record, file: str, data: Data) -> Row:
    fields = dict(record.fields)
    if fields.get(data.output_column) is None:
        fields[data.output_column] = ""
    if data.keep:
        kept = dict.fromkeys((*data.keep, data.output_column, *_ADDED))
        require(data.keep, list(fields), f"{file} {record.place}", "field for data.keep")
        fields = {name: fields[name] for name in kept if name in fields}
    require(data.input_columns, list(fields), f"{file} {record.place}", "field")
    values = tuple((name, text_of(value)) for name, value in fields.items())
    reference = text_of(fields[data.output_column])
    return Row(index, record.line, values, reference, fields, record.number)


def _check_answers(rows: Iterable[Row], file: str, data: Data) -> None:
    for row in rows:
        if not row.reference:
            raise InvalidData(
                f"{file} {row.place}: an example without {data.output_column}; expected the answer"
            )
