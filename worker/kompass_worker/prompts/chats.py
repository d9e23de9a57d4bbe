"""A dialogue as messages: for a chat model.

Pure. Every round of the prompt becomes the messages of the meta template's roles; neighbours of one
role are one message, and empty messages are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, Literal

from kompass_api.metatemplate import MetaRole, MetaTemplate
from kompass_api.prompts import Role
from kompass_worker.prompts.requests import Message
from kompass_worker.prompts.rounds import Cast, Said
from kompass_worker.prompts.scripts import Scripted
from kompass_worker.prompts.templates import Line

Speaker = Literal["system", "user", "assistant"]

SPEAKERS: Final[Mapping[Role, Speaker]] = {
    Role.SYSTEM: "system",
    Role.HUMAN: "user",
    Role.BOT: "assistant",
}

_HUMAN: Final = MetaRole(role=Role.HUMAN)
_BOT: Final = MetaRole(role=Role.BOT, generate=True)

TWO_SPEAKERS: Final = MetaTemplate(rounds=[_HUMAN, _BOT])
"""The user says what a SYSTEM turn says."""

THREE_SPEAKERS: Final = MetaTemplate(
    rounds=[_HUMAN, _BOT], reserved_roles=[MetaRole(role=Role.SYSTEM)]
)
"""A SYSTEM turn is a system message."""

EMPTY_SYSTEM: Final = MetaTemplate(
    rounds=[_HUMAN, MetaRole(role=Role.SYSTEM, api_role=Role.HUMAN), _BOT]
)
r"""OpenCompass' default for its chat classes: a round without a SYSTEM turn has an empty one, which
joins the HUMAN turn before it, so that every user message ends with an extra "\n"."""


def chat_messages(
    prompt: Scripted, meta: MetaTemplate, system_prompt: str = ""
) -> tuple[Message, ...]:
    """The messages up to where the model answers."""
    said = _merged(_spoken(prompt, Cast(meta)))
    # Once more: without its empty messages a dialogue can have neighbours of one role again.
    heard = _merged((who, text) for who, text in said if text)
    return opened(tuple(Message(who, text) for who, text in heard), system_prompt)


def opened(messages: tuple[Message, ...], system_prompt: str) -> tuple[Message, ...]:
    """The messages behind a system message, where there is one and they have none."""
    if not system_prompt or any(message.role == "system" for message in messages):
        return messages
    return (Message("system", system_prompt), *messages)


def _spoken(script: Scripted, cast: Cast) -> Iterator[tuple[Speaker, str]]:
    if isinstance(script, str):
        yield "user", script
        return
    for piece in script:
        if isinstance(piece, Line):
            yield _message(cast.said(piece))
        elif not isinstance(piece, str):
            rounds = cast.rounds(piece.lines)
            for place, spoken in enumerate(rounds):
                for said in spoken:
                    if said.role.generate and piece.is_question and place == len(rounds) - 1:
                        return
                    yield _message(said)


def _message(said: Said) -> tuple[Speaker, str]:
    return SPEAKERS[said.role.api_role or said.role.role], said.text


def _merged(said: Iterable[tuple[Speaker, str]]) -> list[tuple[Speaker, str]]:
    return [
        (who, "\n".join(text for _, text in group))
        for who, group in groupby(said, key=lambda line: line[0])
    ]
