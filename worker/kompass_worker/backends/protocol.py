"""The seam between evaluation and whatever runs a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from kompass_api.results import Environment, Prediction
from kompass_worker.prompts.requests import Prompt, Request


class Tokenizer(Protocol):
    """What planning needs of a model: how long a prompt is, and how long it may be."""

    @property
    def max_sequence_length(self) -> int:
        """Tokens the model takes: the endpoint's setting, else what the model's config says."""
        ...

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Tokens of each prompt as the backend would feed it (chat template, special tokens)."""
        ...


class Backend(Protocol):
    """A loaded model."""

    @property
    def environment(self) -> Environment:
        """Digests, device, number format and versions that the numbers rest on."""
        ...

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Prediction]]:
        """The answers as they come, each with its request's place; every place exactly once.

        An answer does not depend on the other requests beyond the last bits of the arithmetic.
        `prompt_hash` of the prediction is filled by the caller.
        """
        ...
