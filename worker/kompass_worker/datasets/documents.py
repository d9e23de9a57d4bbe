"""Rows of JSON text: a document, or an object a line.

Pure. A field that the first row has and another row lacks is null there, as a table would have it;
rows have the first row's order of fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kompass_worker.datasets.columns import Names
from kompass_worker.datasets.expressions import Expression
from kompass_worker.datasets.values import Content, Fields, Record, check_value, kind_of
from kompass_worker.errors import InvalidData

_SHOWN: Final = 60


class _Twice(ValueError):
    """A name stands twice in one object: which of the two counts is anyone's guess."""


def json_lines(text: str, file: str, names: Names) -> Content:
    """The rows of a JSONL file."""
    return content_of(_lines(text, file), file, names)


def json_document(text: str, file: str, names: Names, records: str) -> Content:
    """The rows of a JSON file: its list, or the one that the JMESPath `records` leads to."""
    found = _parsed(text, file, 0) if text.strip() else []
    if records:
        found = Expression.of(records, "data.records").part_of(found, file)
    if not isinstance(found, list):
        looked = f"data.records {records!r} leads to" if records else "found"
        raise InvalidData(
            f"{file}: {looked} {kind_of(found)}; expected a list of rows: name its place in "
            "data.records, such as examples"
        )
    return content_of(((0, held) for held in found), file, names)


def content_of(found: Iterable[tuple[int, object]], file: str, names: Names) -> Content:
    """Rows out of pairs of a line (0: none) and what is an object, if all is well."""
    records: list[Record] = []
    renamed: set[str] = set()
    for number, (line, held) in enumerate(found, start=1):
        place = f"{file} {Record(number, line, {}).place}"
        if not isinstance(held, dict):
            raise InvalidData(f"{place}: found {kind_of(held)}; expected an object")
        fields = _named(held, names, place)
        renamed |= held.keys() - fields.keys()
        names.require(list(fields), place, "field")
        for name, value in fields.items():
            check_value(value, place, name)
        records.append(Record(number, line, _aligned(fields, records)))
    return Content(records, len(renamed))


def _lines(text: str, file: str) -> Iterator[tuple[int, object]]:
    # Not splitlines(): JSON strings may hold U+2028 and its like as they are.
    for line, content in enumerate(text.split("\n"), start=1):
        if content.strip():
            yield line, _parsed(content, file, line)


def _parsed(text: str, file: str, line: int) -> object:
    """What the text says; `line` is its own in the file, 0 where it is the whole file."""
    place = f"{file} line {line}" if line else file
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"{file} line {line or error.lineno} column {error.colno}"
        raise InvalidData(f"{place}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise InvalidData(
            f"{place}: lists or objects in each other, hundreds deep; expected a flat row"
        ) from error
    except _Twice as error:
        raise InvalidData(f"{place}: {error}") from error
    except ValueError as error:  # Python reads no number of more than 4300 digits.
        raise InvalidData(f"{place}: not a number that can be read: {error}") from error


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"field {twice[:_SHOWN]!r} stands twice in one object; expected each once")
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)


def _named(held: Fields, names: Names, place: str) -> Fields:
    read = names.read(list(held), place)
    twice = [name for name in read if read.count(name) > 1] if len(set(read)) < len(read) else []
    if twice:
        raise InvalidData(
            f"{place}: field {twice[0]!r} stands twice, but for spaces; expected each once"
        )
    return dict(zip(read, held.values(), strict=True))


def _aligned(fields: Fields, before: Sequence[Record]) -> Fields:
    first = before[0].fields if before else fields
    if list(fields) == list(first):
        return fields
    return {name: fields.get(name) for name in first} | fields
