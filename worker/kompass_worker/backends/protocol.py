"""The seam between evaluation and whatever runs a model.

A backend is handed whole groups, all of a shard's at once, rather than prompts one by one. Most of
what a model reads is the same text again: the questions of a subject stand behind the same
examples, the labels of a question behind the same question. Who sees a group can read that text
once; who sees all groups can batch rows of equal length. A backend may as well take the groups
apart and answer request by request: the answers are the same, and come back by item, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from kompass_api.results import Environment, Prediction
from kompass_worker.prompts.requests import Group, Prompt


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

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers as they come, one for each request; an item is asked once in a call.

        An answer does not depend on the other requests, their order or grouping, beyond the last
        bits of the arithmetic: what is left of a shard can be asked again without the rest.
        `prompt_hash` of the prediction is filled by the caller.
        """
        ...
