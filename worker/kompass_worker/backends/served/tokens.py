"""How many tokens a prompt may have, where the model's tokenizer is not at hand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kompass_worker.backends.protocol import Tokenizer
from kompass_worker.prompts.requests import Prompt

ESTIMATE: Final = "estimate"
"""What stands for the digest of a tokenizer that nobody has."""

_BYTES_PER_TOKEN: Final = 4
"""English text; a character of another script is a token."""
_MESSAGE_TOKENS: Final = 4
"""What a chat template puts around a message."""
_UNLIMITED: Final = 2**31 - 1


class ChatTokenizer(Tokenizer, Protocol):
    """The real tokenizer of a served model, chat template included."""

    def rendered(self, prompt: Prompt) -> str:
        """The text that the model reads."""
        ...


@dataclass(frozen=True)
class EstimatedTokenizer:
    """Counts roughly, for planning and limits only: no prompt is refused or shortened for it."""

    @property
    def max_sequence_length(self) -> int:
        """No limit: only the server knows."""
        return _UNLIMITED

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """About how many tokens each prompt has."""
        return [estimate(prompt) for prompt in prompts]


def room_for(prompt: Prompt, wanted: int, tokenizer: Tokenizer | None) -> int:
    """New tokens that fit behind the prompt, of those wanted; at least one, for the server to say.

    Many servers refuse a request whose prompt and limit together are longer than the model takes.
    """
    if tokenizer is None:
        return wanted
    left = tokenizer.max_sequence_length - tokenizer.count([prompt])[0]
    return max(1, min(wanted, left))


def estimate(prompt: Prompt) -> int:
    """About how many tokens a prompt has; at least one."""
    if isinstance(prompt, str):
        return max(1, _of_text(prompt))
    return sum(_of_text(message.content) + _MESSAGE_TOKENS for message in prompt) or 1


def _of_text(text: str) -> int:
    plain = sum(character.isascii() for character in text)
    return -(-plain // _BYTES_PER_TOKEN) + len(text) - plain
