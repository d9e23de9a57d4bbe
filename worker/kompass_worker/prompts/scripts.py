r"""A question with its examples in place, before a model's own way of speaking is put on it.

Pure. What OpenCompass keeps as a list of parts: lines that are said alone, turns that make rounds,
and bare texts that nobody speaks (a separator, or what is left of a place without examples).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.templates import EXAMPLES, Dialogue, Form, Line, Text


@dataclass(frozen=True)
class Talk:
    """Turns that make up rounds."""

    lines: tuple[Line, ...]
    is_question: bool
    """Whether the model answers in its last round."""


Piece = str | Line | Talk

Script = tuple[Piece, ...]

Scripted = str | Script
"""A plain text, or a dialogue."""


@dataclass(frozen=True)
class Place:
    """Where examples stand, and what is put between them."""

    exists: bool
    separator: str = ""
    """Bare text behind every example dialogue, and behind the last once more."""
    empty: str | None = None
    """What stands where no example is left; None: nothing at all, not even an empty part."""


def scripted(question: Form, examples: Sequence[Form], place: Place) -> Scripted:
    """The question behind its examples; all of them are filled already."""
    if isinstance(question, Text):
        return _text(question, examples, place)
    shots = _shots(examples, place) if place.exists else ()
    return (*question.begin, *shots, Talk(question.rounds, is_question=True), *question.end)


def _text(question: Text, examples: Sequence[Form], place: Place) -> str:
    if EXAMPLES not in question.text:
        return question.text
    return question.text.replace(EXAMPLES, _joined(examples, place))


def _shots(examples: Sequence[Form], place: Place) -> Script:
    if not examples:
        return () if place.empty is None else (place.empty,)
    if all(isinstance(held, Text) for held in examples):
        return (_joined(examples, place),)
    pieces: list[Piece] = []
    for held in examples:
        if not isinstance(held, Dialogue):
            raise InvalidRequest("examples are texts and dialogues: give all the same form")
        pieces.append(Talk(held.rounds, is_question=False))
        pieces += [place.separator] if place.separator else []
    return (*pieces, *([place.separator] if place.separator else []))


def _joined(examples: Sequence[Form], place: Place) -> str:
    """Examples as one text: every one on lines of its own."""
    if not examples:
        return place.empty or ""
    texts = [held.text for held in examples if isinstance(held, Text)]
    if len(texts) < len(examples):
        raise InvalidRequest(
            "prompt is a text and its examples are dialogues: write prompt.example as a text"
        )
    return "".join(f"{text}\n" for text in texts)
