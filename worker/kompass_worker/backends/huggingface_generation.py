"""Answers that a transformers model writes, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from kompass_api.results import Prediction
from kompass_worker.backends.huggingface_sampling import processors_of, seed_of
from kompass_worker.backends.likelihoods import cut_at_stop
from kompass_worker.prompts.requests import GenerationRequest


class GenerationRow(NamedTuple):
    """One sample of a question, in tokens."""

    request: GenerationRequest
    ids: list[int]
    sample: int = 0

    @property
    def limits(self) -> GenerationRequest:
        """What the rows of a batch have in common: everything but item, prompt, seed and sample."""
        return replace(self.request, item="", prompt="", seed=0, samples=1)


class Written(NamedTuple):
    """What the model wrote."""

    text: str
    tokens: int
    reason: Literal["stop", "length"]


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
    """A model that goes on from prompts."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    config: GenerationConfig
    chat: bool
    stop_words: tuple[str, ...] = ()
    """What ends every answer of this model."""
    min_new_tokens: int = 0
    """Where the request does not say."""

    def generate(self, rows: Sequence[GenerationRow]) -> list[Written]:
        """One batch; its rows share their limits."""
        ids, mask = padded_left([row.ids for row in rows], self._pad_id, self.model.device)
        asked = rows[0].request
        stops = self._stops(asked)
        criteria = [_StopStrings(self.tokenizer, stops, ids.shape[1])] if stops else []
        output = self.model.generate(  # type: ignore[operator]  # a mixin without types
            input_ids=ids,
            attention_mask=mask,
            generation_config=self.config,
            max_new_tokens=asked.max_new_tokens,
            min_new_tokens=asked.min_new_tokens or self.min_new_tokens or None,
            stopping_criteria=StoppingCriteriaList(criteria),
            logits_processor=processors_of(
                asked, [seed_of(row.request, row.sample) for row in rows]
            ),
        )
        written = output[:, ids.shape[1] :].tolist()
        return [self._written(new, stops) for new in written]

    def _written(self, tokens: list[int], stops: Sequence[str]) -> Written:
        ends = [i for i, token in enumerate(tokens) if token in self._end_ids]
        used = tokens[: ends[0]] if ends else tokens
        text = self.tokenizer.decode(used, skip_special_tokens=not self.chat)
        cut, stopped = cut_at_stop(str(text), stops)
        reason: Literal["stop", "length"] = "stop" if ends or stopped else "length"
        return Written(cut, len(used) + bool(ends), reason)

    def _stops(self, request: GenerationRequest) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*request.stop, *self.stop_words)))

    @property
    def _end_ids(self) -> list[int]:
        return self.config.eos_token_id or []

    @property
    def _pad_id(self) -> int:
        return int(self.config.pad_token_id)


def samples_of(request: GenerationRequest, ids: list[int]) -> list[GenerationRow]:
    """A row for every sample; one where all would be the same."""
    drawn = request.samples if request.temperature > 0 else 1
    return [GenerationRow(request, ids, sample) for sample in range(drawn)]


def answer_of(request: GenerationRequest, tokens_in: int, written: Sequence[Written]) -> Prediction:
    """The samples of a request as one prediction, in their order."""
    texts = [one.text for one in written]
    if len(texts) < request.samples:
        texts *= request.samples
    return Prediction(
        item=request.item,
        prompt_hash="",
        prediction=texts[0],
        samples=texts if request.samples > 1 else [],
        tokens_in=tokens_in,
        tokens_out=sum(one.tokens for one in written),
        finish_reason="length" if any(one.reason == "length" for one in written) else "stop",
    )


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
