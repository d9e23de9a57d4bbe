"""An embedding model: the mean of a transformer's last hidden states, of length one.

Needs the extra huggingface; computes in float32 on the CPU, one text at a time, so that what is
near depends on neither the machine's GPU nor the texts beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kompass_worker.errors import InvalidRequest, ModelUnusable

_LONGEST = 512
"""Tokens of a text that are looked at, where the model does not say less."""


@dataclass(frozen=True)
class MeanPooling:
    """A loaded embedding model."""

    tokenizer: Any
    model: Any
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """A row of length one for each text."""
        return np.stack([self._embedded(text) for text in texts])

    def _embedded(self, text: str) -> npt.NDArray[Any]:
        import torch

        read = self.tokenizer(
            text, return_tensors="pt", truncation=True, max_length=self.max_tokens
        )
        with torch.inference_mode():
            states = self.model(**read).last_hidden_state[0]
        mean: npt.NDArray[Any] = states.mean(dim=0).numpy()
        return mean / max(float(np.linalg.norm(mean)), 1e-12)


def load_embedding(folder: Path) -> MeanPooling:
    """The embedding model in a folder."""
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise InvalidRequest(
            "examples.retriever TopK needs an embedding model, and this worker has no "
            "transformers: use an image with the extra huggingface"
        ) from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelUnusable(
            f"examples.embedding: the model in {folder} does not load: {error}"
        ) from error
    positions = getattr(model.config, "max_position_embeddings", None) or _LONGEST
    return MeanPooling(
        tokenizer, model.eval(), min(positions, tokenizer.model_max_length, _LONGEST)
    )
