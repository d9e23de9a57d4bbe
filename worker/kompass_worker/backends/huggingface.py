"""The HuggingFace backend: chat and base models on CUDA and CPU through transformers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar

import torch
from transformers import PreTrainedModel

from kompass_api.modelendpoint import ModelEndpointSpec, ModelType
from kompass_api.results import Environment, Prediction
from kompass_worker.backends.batches import Batcher, OutOfDeviceMemory
from kompass_worker.backends.huggingface_generation import GenerationRow, Generator, greedy_config
from kompass_worker.backends.huggingface_loading import load_model
from kompass_worker.backends.huggingface_scoring import Scorer, ScoringRow, ScoringSheet
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer, load_tokenizer
from kompass_worker.prompts.requests import (
    GenerationRequest,
    Group,
    Request,
    ScoringRequest,
    ungrouped,
)
from kompass_worker.sources.digests import model_digest, tokenizer_digest

PACKAGES: Final = ("torch", "transformers", "tokenizers", "safetensors", "kompass")
_Row = TypeVar("_Row")
_Result = TypeVar("_Result")


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
        yield from (answer for _, answer in self._generated(requests))
        yield from (answer for _, answer in self._scored(requests))

    def _generated(self, requests: Sequence[Request]) -> Iterator[tuple[int, Prediction]]:
        for rows in self._groups(requests):
            for row, prediction in self.batcher.run(rows, _guarded(self.generator.generate)):
                yield row.place, prediction

    def _groups(self, requests: Sequence[Request]) -> Iterator[list[GenerationRow]]:
        """Rows with the same limits, longest first; equal ones stay in order."""
        asked = [(i, one) for i, one in enumerate(requests) if isinstance(one, GenerationRequest)]
        encoded = self.tokenizer.encode([request.prompt for _, request in asked])
        groups: dict[tuple[int, tuple[str, ...]], list[GenerationRow]] = {}
        for (place, request), ids in zip(asked, encoded, strict=True):
            row = GenerationRow(place, request, ids)
            groups.setdefault(row.limits, []).append(row)
        for rows in groups.values():
            yield sorted(rows, key=lambda row: -len(row.ids))

    def _scored(self, requests: Sequence[Request]) -> Iterator[tuple[int, Prediction]]:
        sheets = self._sheets(requests)
        rows = [(sheet, row) for sheet in sheets for row in sheet.rows]
        rows.sort(key=lambda pair: -len(pair[1].ids))
        yield from ((sheet.place, sheet.prediction()) for sheet in sheets if not sheet.rows)
        compute = _guarded(self._nll_sums)
        for (sheet, row), sums in self.batcher.run(rows, compute):
            sheet.note(row, sums)
            if sheet.is_complete:
                yield sheet.place, sheet.prediction()

    def _nll_sums(self, batch: Sequence[tuple[ScoringSheet, ScoringRow]]) -> list[list[float]]:
        return self.scorer.nll_sums([row for _, row in batch])

    def _sheets(self, requests: Sequence[Request]) -> list[ScoringSheet]:
        asked = [(i, one) for i, one in enumerate(requests) if isinstance(one, ScoringRequest)]
        texts = [candidate.text for _, request in asked for candidate in request.candidates]
        encoded = iter(self.tokenizer.encode(texts))
        return [
            ScoringSheet(place, request, [next(encoded) for _ in request.candidates])
            for place, request in asked
        ]


def load_backend(
    folder: Path, endpoint: ModelEndpointSpec, name: str, *, image: str | None = None
) -> HuggingFaceBackend:
    """The model of a folder, loaded as the endpoint says."""
    tokenizer = load_tokenizer(folder, endpoint, name)
    model = load_model(folder, endpoint, name)
    return HuggingFaceBackend(
        tokenizer=tokenizer,
        generator=Generator(
            model,
            tokenizer.tokenizer,
            greedy_config(model, tokenizer.tokenizer),
            chat=endpoint.model_type is ModelType.CHAT,
        ),
        scorer=Scorer(model),
        batcher=Batcher(endpoint.batch_size),
        environment=_environment(folder, endpoint, model, image),
    )


def _environment(
    folder: Path, endpoint: ModelEndpointSpec, model: PreTrainedModel, image: str | None
) -> Environment:
    device = model.device
    return Environment(
        model_digest=model_digest(folder, with_code=endpoint.trust_remote_code),
        tokenizer_digest=tokenizer_digest(folder),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        dtype=str(model.dtype).removeprefix("torch."),
        packages={name: version(name) for name in PACKAGES},
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
            raise

    return guarded
