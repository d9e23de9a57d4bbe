"""Real models that are small enough for every test, and the plain way to ask them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.results import Prediction
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface import HuggingFaceBackend, load_backend
from kompass_worker.backends.protocol import Backend
from kompass_worker.prompts.requests import Group, Request

NAMES = ("tiny-mc", "stories260K")


def endpoint(folder: Path, **settings: object) -> ModelEndpointSpec:
    """A base model on the CPU in float32, but for the settings."""
    plain: dict[str, object] = {
        "source": {"uri": folder.as_uri()},
        "device": "CPU",
        "dtype": "Float32",
        "modelType": "Base",
    }
    return ModelEndpointSpec.model_validate({**plain, **settings})


def loaded(folder: Path, adapter: Path | None = None, **settings: object) -> HuggingFaceBackend:
    """The backend of a model folder."""
    folders = ModelFolders(folder, folder, adapter)
    return load_backend(folders, endpoint(folder, **settings), "tiny")


def asked(backend: Backend, *requests: Request) -> list[Prediction]:
    """The answers in the order of the requests, each in a group of its own."""
    return asked_in(backend, [Group((request,)) for request in requests])


def asked_in(backend: Backend, groups: Sequence[Group]) -> list[Prediction]:
    """The answers in the order of the groups' requests."""
    found = {one.item: one for one in backend.answer(groups)}
    return [found[request.item] for group in groups for request in group.requests]


class Plain:
    """One text at a time through transformers, with nothing clever: the oracle."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)

    def ids(self, text: str, **settings: object) -> list[int]:
        """The text's tokens."""
        found: list[int] = self.tokenizer(text, **settings)["input_ids"]
        return found

    def log_probabilities(self, ids: Sequence[int]) -> torch.Tensor:
        """Of every token behind every one of these."""
        with torch.inference_mode():
            logits = self.model(torch.tensor([[*ids]])).logits[0]
        return torch.log_softmax(logits.float(), dim=-1)

    def nlls(self, ids: Sequence[int]) -> list[float]:
        """Of each token but the first."""
        rows = self.log_probabilities(ids[:-1])
        return [-float(row[token]) for row, token in zip(rows, ids[1:], strict=True)]
