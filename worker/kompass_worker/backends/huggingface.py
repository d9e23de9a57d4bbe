"""The HuggingFace backend: chat and base models on CUDA and CPU through transformers.

It takes the groups apart: rows are batched by length over all of them, and no answer depends on
which rows share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final, TypeVar

import torch
from transformers import PreTrainedModel

from kompass_api.modelendpoint import Device, ModelEndpointSpec, ModelType
from kompass_api.results import Environment, Prediction
from kompass_worker.backends.batches import Batcher, OutOfDeviceMemory
from kompass_worker.backends.conversations import Talk
from kompass_worker.backends.device_faults import broken, is_device_fault
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface_generation import (
    GenerationRow,
    Generator,
    Written,
    answer_of,
    greedy_config,
    samples_of,
)
from kompass_worker.backends.huggingface_loading import load_model
from kompass_worker.backends.huggingface_scoring import Scorer, scorer_of
from kompass_worker.backends.huggingface_sheets import sheets_of
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.backends.huggingface_tokenizers import load_tokenizer
from kompass_worker.backends.scoring_sheets import RowScore, ScoringRow, Sheet
from kompass_worker.errors import PromptTooLong
from kompass_worker.prompts.requests import (
    ConversationRequest,
    GenerationRequest,
    Group,
    ungrouped,
)
from kompass_worker.sources.digests import adapter_digest, model_digest, tokenizer_digest

PACKAGES: Final = ("torch", "transformers", "tokenizers", "safetensors", "kompass")
CPU_TOKENS: Final = 8192
"""Tokens of a batch on a CPU: more make nothing faster there, and a container that takes more
memory than it may is killed."""
_Row = TypeVar("_Row")
_Result = TypeVar("_Result")


@dataclass
class _Asked:
    """A request to write, and its samples so far."""

    request: GenerationRequest
    ids: list[int]
    rows: list[GenerationRow]
    found: dict[int, Written] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return len(self.found) == len(self.rows)

    def prediction(self) -> Prediction:
        written = [self.found[row.sample] for row in self.rows]
        return answer_of(self.request, len(self.ids), written)


@dataclass(frozen=True)
class HuggingFaceBackend:
    """A loaded model of transformers."""

    tokenizer: HuggingFaceTokenizer
    generator: Generator
    scorer: Scorer
    batcher: Batcher
    environment: Environment

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers batch by batch, longest prompts first: what does not fit shows at once."""
        requests = ungrouped(groups)
        yield from self._written([one for one in requests if isinstance(one, GenerationRequest)])
        yield from self._talked([one for one in requests if isinstance(one, ConversationRequest)])
        yield from self._scored(sheets_of(self.tokenizer, requests))

    def _written(self, requests: Sequence[GenerationRequest]) -> Iterator[Prediction]:
        prompts = [request.prompt for request in requests]
        encoded = self.tokenizer.encode(prompts, [request.item for request in requests])
        alike: dict[GenerationRequest, list[_Asked]] = {}
        for request, ids in zip(requests, encoded, strict=True):
            asked = _Asked(request, ids, samples_of(request, ids))
            alike.setdefault(asked.rows[0].limits, []).append(asked)
        for several in alike.values():
            rows = [(asked, row) for asked in several for row in asked.rows]
            rows.sort(key=lambda pair: -len(pair[1].ids))
            for (asked, row), written in self.batcher.run(
                rows, _guarded(self._generate), lambda pair: len(pair[1].ids)
            ):
                asked.found[row.sample] = written
                if asked.is_complete:
                    yield asked.prediction()

    def _generate(self, batch: Sequence[tuple[_Asked, GenerationRow]]) -> list[Written]:
        return self.generator.generate([row for _, row in batch])

    def _talked(self, requests: Sequence[ConversationRequest]) -> Iterator[Prediction]:
        """Turn by turn, all conversations at once."""
        talks = [(Talk(request), list[Prediction]()) for request in requests]
        while talks:
            turns = {(turn := talk.next_turn()).item: turn for talk, _ in talks}
            try:
                answers = {one.item: one for one in self._written([*turns.values()])}
            except PromptTooLong as error:
                item = (error.item or "").rpartition("#")[0]
                raise PromptTooLong(str(error), item=item or None) from error
            for talk, heard in talks:
                heard.append(answers[talk.next_turn().item])
                talk.hear(heard[-1].prediction)
            yield from (talk.prediction(heard) for talk, heard in talks if talk.is_over)
            talks = [(talk, heard) for talk, heard in talks if not talk.is_over]

    def _scored(self, sheets: Sequence[Sheet]) -> Iterator[Prediction]:
        yield from (sheet.prediction() for sheet in sheets if not sheet.rows)
        rows = [(sheet, place) for sheet in sheets for place in range(len(sheet.rows))]
        rows.sort(key=lambda pair: -len(_row(pair).ids))
        for (sheet, place), score in self.batcher.run(
            rows, _guarded(self._score), lambda pair: len(_row(pair).ids)
        ):
            sheet.note(place, score)
            if sheet.is_complete:
                yield sheet.prediction()

    def _score(self, batch: Sequence[tuple[Sheet, int]]) -> list[RowScore]:
        return self.scorer.scores([_row(pair) for pair in batch])


def _row(pair: tuple[Sheet, int]) -> ScoringRow:
    sheet, place = pair
    return sheet.rows[place]


def load_backend(
    folders: ModelFolders, endpoint: ModelEndpointSpec, name: str, *, image: str | None = None
) -> HuggingFaceBackend:
    """The model of these folders, loaded as the endpoint says."""
    tokenizer = load_tokenizer(folders, endpoint, name)
    model = load_model(folders, endpoint, name)
    return HuggingFaceBackend(
        tokenizer=tokenizer,
        generator=Generator(
            model,
            tokenizer.tokenizer,
            greedy_config(model, tokenizer.tokenizer),
            chat=endpoint.model_type is ModelType.CHAT,
            stop_words=tuple(endpoint.stop_words),
            min_new_tokens=endpoint.min_new_tokens,
        ),
        scorer=scorer_of(model),
        batcher=Batcher(endpoint.batch_size, CPU_TOKENS if endpoint.device is Device.CPU else None),
        environment=_environment(folders, endpoint, model, image),
    )


def _environment(
    folders: ModelFolders, endpoint: ModelEndpointSpec, model: PreTrainedModel, image: str | None
) -> Environment:
    device = model.device
    adapter = folders.adapter
    packages = (*PACKAGES, "peft") if adapter is not None else PACKAGES
    return Environment(
        model_digest=model_digest(folders.model, with_code=endpoint.trust_remote_code),
        tokenizer_digest=tokenizer_digest(folders.tokenizer),
        adapter_digest=adapter_digest(adapter) if adapter is not None else None,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        dtype=str(model.dtype).removeprefix("torch."),
        packages={name: version(name) for name in packages},
        image=image,
    )


def _guarded(
    compute: Callable[[Sequence[_Row]], Sequence[_Result]],
) -> Callable[[Sequence[_Row]], Sequence[_Result]]:
    """The computation, with a full device told apart from other errors."""

    def guarded(batch: Sequence[_Row]) -> Sequence[_Result]:
        try:
            return compute(batch)
        except RuntimeError as error:
            full = "not enough memory" in str(error) or "can't allocate memory" in str(error)
            if full or isinstance(error, torch.OutOfMemoryError):
                raise OutOfDeviceMemory(str(error)) from error
            if is_device_fault(error):
                raise broken(error) from error
            raise

    return guarded
