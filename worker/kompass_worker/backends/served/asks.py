"""What one request to a server asks, and what comes back, whatever the protocol. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from kompass_worker.prompts.requests import Prompt

_SEEDS: Final = 2**31

Finish = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True)
class Ask:
    """One answer to one prompt."""

    prompt: Prompt
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    min_new_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    """0: all tokens."""
    seed: int = 0

    @property
    def draws(self) -> bool:
        """Whether chance has a part in the answer."""
        return self.temperature > 0


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    text: str
    reasoning: str
    tokens_in: int
    tokens_out: int
    finish: Finish


def refused() -> Answer:
    """The answer that a provider's content filter withheld before there was one."""
    return Answer("", "", tokens_in=0, tokens_out=0, finish="content_filter")


def seed_of(seed: int, item: str, sample: int) -> int:
    """A seed for each sample of each item: the same in every attempt, another for every other."""
    drawn = hashlib.sha256(f"{seed}/{item}/{sample}".encode()).digest()
    return int.from_bytes(drawn[:8]) % _SEEDS
