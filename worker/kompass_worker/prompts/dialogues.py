"""A filled dialogue as the model gets it: one text for a base model, messages for a chat model.

Pure. Profile opencompass@0.5: what OpenCompass' parsers make of a dialogue without a meta template
(base) and with the default meta template of its chat classes, quirks included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from kompass_api.prompts import Role
from kompass_worker.prompts.requests import Message
from kompass_worker.prompts.templates import Turn

_ROUND: Final = (Role.HUMAN, Role.SYSTEM, Role.BOT)
"""The chat classes' default round: HUMAN, SYSTEM spoken by HUMAN as well, BOT."""

_Speaker = Literal["user", "assistant"]


@dataclass(frozen=True)
class Dialogue:
    """Everything that is said before the model's answer, or with the answer in place."""

    begin: tuple[Turn, ...]
    examples: tuple[tuple[Turn, ...], ...]
    rounds: tuple[Turn, ...]
    shots: bool
    """Whether there is a place for examples, even if none is left."""
    label_map: bool
    """Whether the prompt is a map of labels: its examples are separated by bare line breaks."""


def plain_text(dialogue: Dialogue) -> str:
    r"""The dialogue for a base model: every turn and separator on a line of its own.

    An empty item at the start still brings its line break, as in OpenCompass: a prompt whose
    examples were all dropped begins with "\n".
    """
    pieces = [
        *(turn.text for turn in dialogue.begin),
        *_example_pieces(dialogue),
        *(turn.text for turn in dialogue.rounds),
    ]
    text = "\n".join(piece for piece in pieces if piece)
    return text if pieces[0] else "\n" + text


def chat_messages(dialogue: Dialogue) -> tuple[Message, ...]:
    r"""The dialogue for a chat model, up to where the model answers.

    A round without a SYSTEM turn has an empty one, which joins the HUMAN turn before it: every
    user message ends with an extra "\n".
    """
    said: list[tuple[_Speaker, str]] = [("user", turn.text) for turn in dialogue.begin]
    for example in dialogue.examples:
        for turns in _rounds(example):
            said += _spoken(turns)
    question = list(_rounds(dialogue.rounds))
    for turns in question[:-1]:
        said += _spoken(turns)
    for turns in question[-1:]:
        said += _spoken(turns)[:-1]
    merged = _merged(said)
    # Once more: without its empty messages a dialogue can have neighbours of one role again.
    heard = _merged((role, text) for role, text in merged if text)
    return tuple(Message(role, text) for role, text in heard)


def _example_pieces(dialogue: Dialogue) -> Iterator[str]:
    separator = "\n" if dialogue.label_map else ""
    for example in dialogue.examples:
        yield from (turn.text for turn in example)
        yield separator
    if dialogue.shots:
        yield separator


def _rounds(turns: Sequence[Turn]) -> Iterator[tuple[Turn, ...]]:
    """The turns cut where a role does not come after the one before it in a round."""
    held: list[Turn] = []
    for turn in turns:
        if held and _ROUND.index(turn.role) <= _ROUND.index(held[-1].role):
            yield tuple(held)
            held = []
        held.append(turn)
    if held:
        yield tuple(held)


def _spoken(turns: Sequence[Turn]) -> list[tuple[_Speaker, str]]:
    texts = {turn.role: turn.text for turn in turns}
    return [("assistant" if role is Role.BOT else "user", texts.get(role, "")) for role in _ROUND]


def _merged(said: Iterable[tuple[_Speaker, str]]) -> list[tuple[_Speaker, str]]:
    return [
        (role, "\n".join(text for _, text in group))
        for role, group in groupby(said, key=lambda line: line[0])
    ]
