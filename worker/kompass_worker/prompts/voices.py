"""How a model hears a prompt: as text or as messages, and by which template.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.metatemplate import MetaTemplate
from kompass_api.modelendpoint import ModelEndpointSpec, ModelType
from kompass_worker.prompts.chats import (
    EMPTY_SYSTEM,
    SPEAKERS,
    THREE_SPEAKERS,
    TWO_SPEAKERS,
    chat_messages,
    opened,
)
from kompass_worker.prompts.plain import plain_text
from kompass_worker.prompts.profiles import Quirks
from kompass_worker.prompts.requests import Message, PlainRole, Prompt
from kompass_worker.prompts.scripts import Scripted


@dataclass(frozen=True)
class Voice:
    """What stands between a prompt and a model."""

    meta: MetaTemplate | None
    chat: MetaTemplate | None
    """Of a chat model: the roles whose words become messages. None: a base model."""
    system_prompt: str = ""

    @property
    def is_chat(self) -> bool:
        """Whether the model gets messages."""
        return self.chat is not None

    def prompt(self, scripted: Scripted) -> Prompt:
        """The prompt up to where the model answers."""
        if self.chat is not None:
            return chat_messages(scripted, self.chat, self.system_prompt)
        return plain_text(scripted, self.meta, is_answered=False)

    def whole(self, scripted: Scripted) -> str:
        """The text of a base model with the answer in place."""
        return plain_text(scripted, self.meta, is_answered=True)

    def dialogue(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """A dialogue of the data's own, behind the system prompt of a chat model."""
        return opened(messages, self.system_prompt)

    @property
    def plain_roles(self) -> tuple[PlainRole, ...] | None:
        """What stands around a dialogue's turns for a base model; None for a chat model."""
        if self.is_chat:
            return None
        if self.meta is None:
            return ()
        roles = (*self.meta.rounds, *self.meta.reserved_roles)
        return tuple(PlainRole(SPEAKERS[held.role], held.begin, held.end) for held in roles)


def voice_of(endpoint: ModelEndpointSpec, quirks: Quirks) -> Voice:
    """How this model hears prompts under a profile."""
    if endpoint.model_type is ModelType.BASE:
        return Voice(endpoint.meta_template, None)
    chat = endpoint.meta_template or _usual(endpoint, quirks)
    return Voice(None, chat, endpoint.chat_template.system_prompt)


def _usual(endpoint: ModelEndpointSpec, quirks: Quirks) -> MetaTemplate:
    newline = endpoint.chat_template.user_suffix_newline
    if newline is None:
        newline = quirks.user_suffix_newline and endpoint.serving is None
    if newline:
        return EMPTY_SYSTEM
    return TWO_SPEAKERS if quirks.user_speaks_for_system else THREE_SPEAKERS
