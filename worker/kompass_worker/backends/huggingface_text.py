"""Text to tokens as a transformers model takes them, for planning and for running it.

Chat: the chat template's text, which holds its own special tokens. Base: the plain text, with the
special tokens that the tokenizer adds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from kompass_api.modelendpoint import LongPrompt, ModelEndpointSpec, ModelType
from kompass_worker.errors import ModelUnusable, PromptTooLong
from kompass_worker.prompts.requests import Prompt

LENGTH_FIELDS: Final = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "seq_length",
    "max_seq_len",
)
_UNKNOWN_LENGTH = 1_000_000_000
"""Tokenizers say a huge number where they know none."""


@dataclass(frozen=True)
class HuggingFaceTokenizer:
    """A model's tokenizer and chat template."""

    tokenizer: PreTrainedTokenizerBase
    max_sequence_length: int
    truncates: bool

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Tokens of each prompt as the backend would feed it, uncut."""
        return [len(ids) for ids in self._tokens(prompts, truncates=False)]

    def encode(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Token ids of each prompt; too long ones lose their beginning where that is asked for."""
        encoded = self._tokens(prompts, truncates=self.truncates)
        longest = max(map(len, encoded), default=0)
        if longest > self.max_sequence_length:
            raise PromptTooLong(
                f"a prompt has {longest} tokens, the model takes {self.max_sequence_length}: "
                "raise maxSequenceLength, or set longPrompt to TruncateLeft"
            )
        return encoded

    def _tokens(self, prompts: Sequence[Prompt], *, truncates: bool) -> list[list[int]]:
        plain = [i for i, prompt in enumerate(prompts) if isinstance(prompt, str)]
        chats = [i for i, prompt in enumerate(prompts) if not isinstance(prompt, str)]
        texts = [prompt if isinstance(prompt, str) else self.rendered(prompt) for prompt in prompts]
        tokens: list[list[int]] = [[]] * len(prompts)
        for places, special in ((plain, True), (chats, False)):
            if places:
                some = self._encoded([texts[i] for i in places], special=special, cut=truncates)
                for i, ids in zip(places, some, strict=True):
                    tokens[i] = ids
        return tokens

    def rendered(self, prompt: Prompt) -> str:
        """The text that the model reads, up to where it answers."""
        if isinstance(prompt, str):
            return prompt
        text = self.tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in prompt],
            tokenize=False,
            add_generation_prompt=True,
        )
        return str(text)

    def _encoded(self, texts: list[str], *, special: bool, cut: bool) -> list[list[int]]:
        limits: dict[str, Any] = (
            {"truncation": True, "max_length": self.max_sequence_length} if cut else {}
        )
        encoded = self.tokenizer(texts, add_special_tokens=special, verbose=False, **limits)
        ids: list[list[int]] = encoded["input_ids"]
        return ids


def load_tokenizer(folder: Path, endpoint: ModelEndpointSpec, name: str) -> HuggingFaceTokenizer:
    """The tokenizer of a model folder; its weights need not be there."""
    quieten()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=endpoint.trust_remote_code,
            padding_side="left",
            truncation_side="left",
        )
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        raise ModelUnusable(
            f"model {name!r}: the tokenizer does not load from {endpoint.source.uri}: {error}"
        ) from error
    if endpoint.model_type is ModelType.CHAT and not tokenizer.chat_template:
        raise ModelUnusable(
            f"model {name!r} ({endpoint.source.uri}) has no chat template, and modelType Chat "
            "sends every prompt through one: set modelType Base, or put a chat_template.jinja "
            "beside the tokenizer"
        )
    return HuggingFaceTokenizer(
        tokenizer=tokenizer,
        max_sequence_length=_length(folder, endpoint, tokenizer, name),
        truncates=endpoint.long_prompt is LongPrompt.TRUNCATE_LEFT,
    )


def quieten() -> None:
    """Keep transformers from printing; what matters comes back as errors."""
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


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
