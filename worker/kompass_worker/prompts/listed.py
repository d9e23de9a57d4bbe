"""Fields of a row that hold a list: choices of its own, and dialogues.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from kompass_api.benchmark import BenchmarkSpec
from kompass_worker.datasets.rows import Row
from kompass_worker.errors import InvalidData
from kompass_worker.prompts.requests import Message

_SPEAKERS: Final[dict[object, Literal["system", "user", "assistant"]]] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
_SHOWN: Final = 60

Fields = Mapping[str, object]
"""A row's columns as the data has them."""


def choices_of(spec: BenchmarkSpec, fields: Fields, place: str) -> tuple[str, ...]:
    """The answers that a row lists for itself, in order."""
    column = spec.prompt.labels_column or ""
    found = _list(fields, column, place)
    if len(found) < 1 or not all(isinstance(held, str) for held in found):
        raise InvalidData(
            f"{place}: {column} holds {str(found)[:_SHOWN]}; expected a list of texts, the "
            "answers to choose from"
        )
    return tuple(str(held) for held in found)


def choice_of(spec: BenchmarkSpec, row: Row) -> str:
    """The answer among a row's own that its reference names by its place."""
    choices = choices_of(spec, row.fields, row.place)
    places = [str(place) for place in range(len(choices))]
    if row.reference not in places:
        raise InvalidData(
            f"{row.place}: an example whose {spec.data.output_column} is "
            f"{row.reference[:_SHOWN]!r}; expected a place in {spec.prompt.labels_column}, from 0 "
            f"to {places[-1]}"
        )
    return choices[int(row.reference)]


def messages_of(spec: BenchmarkSpec, fields: Fields, place: str) -> tuple[Message, ...]:
    """The dialogue that a row holds."""
    column = spec.conversation.column if spec.conversation else ""
    messages = tuple(_message(held, column, place) for held in _list(fields, column, place))
    if not any(message.role == "user" for message in messages):
        raise InvalidData(f"{place}: {column} has no user message; expected one to answer")
    return messages


def _message(held: object, column: str, place: str) -> Message:
    if isinstance(held, dict) and {"role", "content"} <= held.keys():
        role, content = _SPEAKERS.get(held["role"]), held["content"]
        if role is not None and isinstance(content, str):
            return Message(role, content)
    raise InvalidData(
        f"{place}: {column} has a message {str(held)[:_SHOWN]}; expected an object with role "
        "(system, user or assistant) and content (a text)"
    )


def _list(fields: Fields, column: str, place: str) -> list[object]:
    found = fields.get(column)
    if not isinstance(found, list):
        raise InvalidData(f"{place}: {column} is {str(found)[:_SHOWN]!r}; expected a list")
    return found
