"""Greedy answers of a transformers model, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from kompass_api.results import Prediction
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.prompts.requests import GenerationRequest


@dataclass(frozen=True)
class GenerationRow:
    """A question in tokens."""

    place: int
    request: GenerationRequest
    ids: list[int]

    @property
    def limits(self) -> tuple[int, tuple[str, ...]]:
        """What the rows of a batch have in common."""
        return self.request.max_new_tokens, self.request.stop


class _StopStrings(StoppingCriteria):
    """A row is done when a stop string stands in what it wrote."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, stops: Sequence[str], start: int
    ) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self._start = start
        # A token has at least one byte, a stop string at most so many, and one token may reach in.
        self._window = max(len(stop.encode()) for stop in stops) + 1

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:  # noqa: ARG002
        tail = input_ids[:, max(self._start, input_ids.shape[1] - self._window) :]
        texts = self._tokenizer.batch_decode(tail, skip_special_tokens=False)
        done = [any(stop in text for stop in self._stops) for text in texts]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)


@dataclass(frozen=True)
class Generator:
    """A model that goes on from prompts, always with the likeliest token."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    config: GenerationConfig
    chat: bool

    def generate(self, rows: Sequence[GenerationRow]) -> list[Prediction]:
        """One batch; its rows share their limits."""
        ids, mask = padded_left([row.ids for row in rows], self._pad_id, self.model.device)
        limit, stops = rows[0].limits
        criteria = [_StopStrings(self.tokenizer, stops, ids.shape[1])] if stops else []
        output = self.model.generate(  # type: ignore[operator]  # a mixin without types
            input_ids=ids,
            attention_mask=mask,
            generation_config=self.config,
            max_new_tokens=limit,
            stopping_criteria=StoppingCriteriaList(criteria),
        )
        written = output[:, ids.shape[1] :].tolist()
        return [self._prediction(row, new) for row, new in zip(rows, written, strict=True)]

    def _prediction(self, row: GenerationRow, written: list[int]) -> Prediction:
        ends = [i for i, token in enumerate(written) if token in self._end_ids]
        used = written[: ends[0]] if ends else written
        text = self.tokenizer.decode(used, skip_special_tokens=not self.chat)
        cut, stopped = cut_at_stop(str(text), row.request.stop)
        reason: Literal["stop", "length"] = "stop" if ends or stopped else "length"
        return Prediction(
            item=row.request.item,
            prompt_hash="",
            prediction=cut,
            tokens_in=len(row.ids),
            tokens_out=len(used) + bool(ends),
            finish_reason=reason,
        )

    @property
    def _end_ids(self) -> list[int]:
        return self.config.eos_token_id or []

    @property
    def _pad_id(self) -> int:
        return int(self.config.pad_token_id)


def greedy_config(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    """The model's own generation settings, without chance, ended by every end token there is."""
    own: GenerationConfig = model.generation_config
    declared = own.eos_token_id
    ends = [*declared] if isinstance(declared, list) else [declared]
    ends = [token for token in dict.fromkeys([*ends, tokenizer.eos_token_id]) if token is not None]
    pads = (tokenizer.pad_token_id, own.pad_token_id, *ends, 0)
    config = GenerationConfig.from_dict(own.to_dict())
    config.update(  # type: ignore[no-untyped-call]
        do_sample=False,
        num_beams=1,
        num_return_sequences=1,
        temperature=None,
        top_p=None,
        top_k=None,
        max_length=None,
        eos_token_id=ends or None,
        pad_token_id=next(token for token in pads if token is not None),
    )
    return config


def padded_left(
    rows: Sequence[list[int]], pad: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of rows that end together."""
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask
