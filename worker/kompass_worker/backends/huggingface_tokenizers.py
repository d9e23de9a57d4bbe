"""A transformers tokenizer out of a folder, or a clear word on why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from kompass_api.huggingface import TOKENIZER_OPTIONS, Side, option_values
from kompass_api.modelendpoint import LongPrompt, ModelEndpointSpec, ModelType
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.errors import ModelUnusable

LENGTH_FIELDS: Final = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "seq_length",
    "max_seq_len",
)
_UNKNOWN_LENGTH: Final = 1_000_000_000
"""Tokenizers say a huge number where they know none."""


def load_tokenizer(
    folders: ModelFolders, endpoint: ModelEndpointSpec, name: str
) -> HuggingFaceTokenizer:
    """The tokenizer of a model; its weights need not be there."""
    tokenizer = _loaded(folders.tokenizer, endpoint, name)
    where = _where(endpoint)
    if endpoint.model_type is ModelType.CHAT and not tokenizer.chat_template:
        raise ModelUnusable(
            f"model {name!r} ({where}) has no chat template, and modelType Chat "
            "sends every prompt through one: set modelType Base, or put a chat_template.jinja "
            "beside the tokenizer"
        )
    return HuggingFaceTokenizer(
        tokenizer=tokenizer,
        max_sequence_length=_length(folders.model, endpoint, tokenizer, name),
        long_prompt=endpoint.long_prompt,
        template_arguments=endpoint.chat_template.template_arguments,
    )


def quieten() -> None:
    """Keep transformers from printing; what matters comes back as errors."""
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _loaded(folder: Path, endpoint: ModelEndpointSpec, name: str) -> PreTrainedTokenizerBase:
    quieten()
    options = endpoint.loading
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=endpoint.trust_remote_code,
            padding_side=options.padding_side.lower(),
            truncation_side=_truncation_side(endpoint).lower(),
            **option_values(options.tokenizer_options, TOKENIZER_OPTIONS),
        )
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        raise ModelUnusable(
            f"model {name!r}: the tokenizer does not load from {_where(endpoint)}: {error}"
        ) from error
    return tokenizer


def _truncation_side(endpoint: ModelEndpointSpec) -> Side:
    if endpoint.long_prompt is LongPrompt.TRUNCATE_RIGHT:
        return Side.RIGHT
    return endpoint.loading.truncation_side or Side.LEFT


def _where(endpoint: ModelEndpointSpec) -> str:
    source = endpoint.loading.tokenizer or endpoint.source
    return source.uri if source is not None else "nowhere"


def _length(
    folder: Path, endpoint: ModelEndpointSpec, tokenizer: PreTrainedTokenizerBase, name: str
) -> int:
    if endpoint.max_sequence_length is not None:
        return endpoint.max_sequence_length
    config = _config(folder, name)
    for held in (config, config.get("text_config") or {}):
        for field in LENGTH_FIELDS:
            if isinstance(held.get(field), int):
                return int(held[field])
    if tokenizer.model_max_length < _UNKNOWN_LENGTH:
        return int(tokenizer.model_max_length)
    raise ModelUnusable(
        f"model {name!r}: neither config.json nor the tokenizer says how many tokens it takes: set "
        "maxSequenceLength"
    )


def _config(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"model {name!r}: config.json cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ModelUnusable(f"model {name!r}: config.json holds no JSON object")
    return config
