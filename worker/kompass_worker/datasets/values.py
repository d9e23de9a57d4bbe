"""What a field of a row may hold, and how it reads in a prompt.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from kompass_worker.errors import InvalidData

MAX_CHARACTERS: Final = 16 * 1024 * 1024
"""Of one field: more than the longest reading passage, less than the memory of a worker."""

_MAX_DEPTH: Final = 64
MAX_PARTS: Final = 100_000
"""Of one field: values in its lists and objects."""

_TYPES: Final[Mapping[type, str]] = {
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}

Fields = dict[str, object]
"""A row's fields as the file has them, by name and in order."""


@dataclass(frozen=True)
class Record:
    """A row as its file has it."""

    number: int
    """From 1, rows that are left out included."""
    line: int
    """Line of the file where it begins, from 1; 0 where the format has no lines."""
    fields: Fields

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"row {self.number} (line {self.line})" if self.line else f"row {self.number}"


class Content(NamedTuple):
    """The rows of a file."""

    records: list[Record]
    renamed: int
    """Columns whose names were not read as they stand."""


class _Part(NamedTuple):
    value: object
    depth: int


def text_of(value: object) -> str:
    """The value as OpenCompass puts it into a prompt: null is "None" and 3.0 stays "3.0"."""
    return value if isinstance(value, str) else str(value)


def kind_of(value: object) -> str:
    """The JSON kind of a value, for a person."""
    return _TYPES.get(type(value), f"a {type(value).__name__}")


def check_value(value: object, place: str, column: str) -> None:
    """Refuse a field with what cannot be told in UTF-8 or is too large."""
    wrong = wrong_in(value)
    if wrong:
        raise InvalidData(f"{place}: field {column!r} has {wrong}")


def wrong_in(value: object) -> str:
    """What is wrong with a value, wherever in it that is; empty: nothing."""
    if isinstance(value, str) and len(value) <= MAX_CHARACTERS:
        return _wrong_text(value)
    characters = 0
    for parts, part in enumerate(_parts(value), start=1):
        characters += len(part.value) if isinstance(part.value, str) else 0
        wrong = _wrong(part)
        if wrong:
            return wrong
        if parts > MAX_PARTS or characters > MAX_CHARACTERS:
            return f"more than {MAX_CHARACTERS} characters or {MAX_PARTS} parts; expected less"
    return ""


def _parts(value: object) -> Iterator[_Part]:
    waiting = [_Part(value, 0)]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part.value, dict):
            waiting += (_Part(key, part.depth + 1) for key in part.value)
            waiting += (_Part(held, part.depth + 1) for held in part.value.values())
        elif isinstance(part.value, list):
            waiting += (_Part(held, part.depth + 1) for held in part.value)


def _wrong(part: _Part) -> str:
    value = part.value
    if part.depth > _MAX_DEPTH:
        return f"lists or objects in each other, {part.depth} deep; expected at most {_MAX_DEPTH}"
    if isinstance(value, str):
        return _wrong_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value}, which is no number; expected a number or null"
    return "" if type(value) in _TYPES else f"{kind_of(value)}; expected text, numbers or lists"


def _wrong_text(text: str) -> str:
    if "\0" in text:
        return "a NUL character; expected text"
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X}"
        return f"half a character ({found}, a lone surrogate); expected text in Unicode"
    return ""
