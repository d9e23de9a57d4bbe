"""What a model is asked: the one form in which prompts reach a backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = str | tuple[Message, ...]
"""Plain text for a base model, messages for a chat model's template."""


@dataclass(frozen=True)
class GenerationRequest:
    """Go on from the prompt, greedily."""

    item: str
    prompt: Prompt
    max_new_tokens: int
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A whole text with one answer in place."""

    label: str
    text: str


@dataclass(frozen=True)
class ScoringRequest:
    """Say how likely each candidate text is; the likeliest is the answer, the first of equals."""

    item: str
    candidates: tuple[Candidate, ...]


Request = GenerationRequest | ScoringRequest
