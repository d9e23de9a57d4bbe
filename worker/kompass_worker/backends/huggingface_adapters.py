"""Weights that were trained on top of a model's (PEFT), put where they belong."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedModel

from kompass_api.huggingface import Adapter
from kompass_worker.errors import ModelUnusable


def with_adapter(
    model: PreTrainedModel, folder: Path, adapter: Adapter, name: str
) -> PreTrainedModel:
    """The model with the adapter's weights in their places, or added to its own."""
    # With an adapter alone: it takes a second to import.
    import peft

    _check_files(folder, adapter, name)
    try:
        config: Any = peft.PeftConfig.from_pretrained(str(folder))
        if config.is_prompt_learning:
            raise ModelUnusable(
                f"model {name!r}: the adapter of {adapter.source.uri} is of kind "
                f"{config.peft_type}, which writes tokens before every prompt instead of changing "
                "weights: use an adapter such as LoRA"
            )
        with warnings.catch_warnings():
            # It warns of weights that the file lacks, and goes on with an adapter that is not
            # the one that was trained.
            warnings.filterwarnings("error", message=".*missing adapter keys.*")
            # peft reads a name that transformers retires; nothing of ours does.
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing.*", FutureWarning)
            wrapped: Any = peft.PeftModel.from_pretrained(model, str(folder), config=config)
    except UserWarning as warning:
        raise ModelUnusable(
            f"model {name!r}: the adapter of {adapter.source.uri} is not whole: {warning}"
        ) from warning
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelUnusable(
            f"model {name!r}: the adapter of {adapter.source.uri} does not go onto the model: "
            f"{type(error).__name__}: {error}; was it trained on this model?"
        ) from error
    inner: PreTrainedModel = (
        wrapped.merge_and_unload() if adapter.merge else wrapped.get_base_model()
    )
    return inner


def _check_files(folder: Path, adapter: Adapter, name: str) -> None:
    if not (folder / "adapter_config.json").is_file():
        raise ModelUnusable(
            f"model {name!r}: {adapter.source.uri} has no adapter_config.json: name the folder "
            "that save_pretrained of peft wrote"
        )
    if not any(folder.glob("adapter_model*.safetensors")):
        found = ", ".join(sorted(path.name for path in folder.glob("adapter_model*"))) or "none"
        raise ModelUnusable(
            f"model {name!r}: {adapter.source.uri} has no adapter_model.safetensors (found: "
            f"{found}); only safetensors are loaded: save the adapter again with "
            "safe_serialization"
        )
