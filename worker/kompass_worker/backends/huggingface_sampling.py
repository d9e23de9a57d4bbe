"""Drawn tokens that do not depend on who else is in the batch.

transformers draws the tokens of a batch from one stream of random numbers, so that an answer
changes with its neighbours. Here every row has a stream of its own, one number for each token, and
the token is the one at which the likelihoods, summed up in the vocabulary's order, pass that
number. What is drawn becomes the only token left, so that the rest of the machinery is greedy.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList
from transformers.generation.logits_process import (
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from kompass_worker.prompts.requests import GenerationRequest


def seed_of(request: GenerationRequest, sample: int) -> int:
    """The seed of a sample of an item: the same in every run with the same seed."""
    text = f"{request.seed}/{request.item}/{sample}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


class _Drawn(LogitsProcessor):
    """Leaves one token a row: the drawn one."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._streams = [random.Random(seed) for seed in seeds]  # noqa: S311  (no secret)

    def __call__(self, input_ids: Any, scores: Any) -> Any:  # noqa: ARG002
        # In float64 the sum over a large vocabulary keeps the places of its small members.
        summed = torch.softmax(scores.double(), dim=-1).cumsum(dim=-1)
        numbers = [[stream.random()] for stream in self._streams]
        marks = torch.tensor(numbers, dtype=summed.dtype, device=summed.device) * summed[:, -1:]
        drawn = torch.searchsorted(summed, marks, right=True)
        only = torch.full_like(scores, -torch.inf)
        return only.scatter_(-1, drawn.clamp_(max=scores.shape[-1] - 1), 0.0)


def processors_of(request: GenerationRequest, seeds: Sequence[int]) -> LogitsProcessorList:
    """What shapes the likelihoods before a token is taken; nothing where there is no chance."""
    processors = LogitsProcessorList()
    if request.temperature <= 0:
        return processors
    if request.temperature != 1:
        processors.append(TemperatureLogitsWarper(request.temperature))
    if request.top_k:
        processors.append(TopKLogitsWarper(request.top_k))
    if request.top_p < 1:
        processors.append(TopPLogitsWarper(request.top_p))
    processors.append(_Drawn(seeds))
    return processors
