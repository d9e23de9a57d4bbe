"""Text to tokens as a transformers model takes them, for planning and for running it.

Chat: the chat template's text, which holds its own special tokens. Base: the plain text, with the
special tokens that the tokenizer adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from kompass_api.modelendpoint import LongPrompt
from kompass_worker.errors import InvalidRequest, ModelUnusable, PromptTooLong
from kompass_worker.prompts.requests import ChoiceRequest, Prompt


@dataclass(frozen=True)
class HuggingFaceTokenizer:
    """A model's tokenizer and chat template."""

    tokenizer: PreTrainedTokenizerBase
    max_sequence_length: int
    long_prompt: LongPrompt = LongPrompt.REFUSE
    template_arguments: Mapping[str, str | bool] = field(default_factory=dict)

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Tokens of each prompt as the backend would feed it, uncut."""
        return [len(ids) for ids in self.whole(prompts)]

    def encode(
        self, prompts: Sequence[Prompt], items: Sequence[str] | None = None
    ) -> list[list[int]]:
        """Token ids of each prompt; too long ones are cut where that is asked for.

        `items` says whose prompts they are, for the message about one that is too long.
        """
        encoded = self.whole(prompts)
        over = [i for i, ids in enumerate(encoded) if len(ids) > self.max_sequence_length]
        for i in over:
            if self.long_prompt is LongPrompt.REFUSE:
                raise self._refusal(len(encoded[i]), items[i] if items is not None else None)
            encoded[i] = self._cut(prompts[i], encoded[i])
        return encoded

    def _refusal(self, tokens: int, item: str | None) -> PromptTooLong:
        return PromptTooLong(
            f"{f'item {item}: the' if item else 'a'} prompt has {tokens} tokens, the model takes "
            f"{self.max_sequence_length}: raise maxSequenceLength, or set longPrompt to "
            "TruncateLeft (a conversation grows with the model's own answers)",
            item=item,
        )

    def whole(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Token ids of each prompt, uncut."""
        plain = [i for i, prompt in enumerate(prompts) if isinstance(prompt, str)]
        chats = [i for i, prompt in enumerate(prompts) if not isinstance(prompt, str)]
        texts = [self.rendered(prompt) for prompt in prompts]
        tokens: list[list[int]] = [[]] * len(prompts)
        for places, special in ((plain, True), (chats, False)):
            some = self.encode_texts([texts[i] for i in places], special=special)
            for i, ids in zip(places, some, strict=True):
                tokens[i] = ids
        return tokens

    def rendered(self, prompt: Prompt) -> str:
        """The text that the model reads, up to where it answers."""
        if isinstance(prompt, str):
            return prompt
        arguments: dict[str, Any] = dict(self.template_arguments)
        try:
            text = self.tokenizer.apply_chat_template(
                [{"role": message.role, "content": message.content} for message in prompt],
                tokenize=False,
                add_generation_prompt=True,
                **arguments,
            )
        except TemplateError as error:
            raise InvalidRequest(
                f"the model's chat template refuses the messages "
                f"{'/'.join(message.role for message in prompt)}: {error}; change the prompt's "
                "roles (fallbackRole), or chatTemplate of the model endpoint"
            ) from error
        return str(text)

    @property
    def begin(self) -> int:
        """The token that begins a document: what comes first is predicted from it."""
        held = self.tokenizer
        found = held.bos_token_id if held.bos_token_id is not None else held.eos_token_id
        if found is None:
            raise ModelUnusable(
                "the tokenizer has no token that begins or ends a document, and a text without "
                "anything before it is predicted from one: set huggingFace.tokenizerOptions "
                "bos_token"
            )
        return int(found)

    def encode_texts(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """Token ids of plain texts, with or without the special tokens that are added."""
        if not texts:
            return []
        encoded = self.tokenizer([*texts], add_special_tokens=special, verbose=False)
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def choices(self, request: ChoiceRequest) -> list[int]:
        """The one token of each choice; a choice of several is refused."""
        encoded = self.encode_texts(request.choices, special=False)
        for choice, ids in zip(request.choices, encoded, strict=True):
            if len(ids) != 1:
                raise InvalidRequest(
                    f"item {request.item}: choice {choice!r} is {len(ids)} tokens of this model "
                    f"({self.tokenizer.convert_ids_to_tokens(ids)}), and method "
                    "ConditionalLogProbability compares single ones: shorten the labels, or use "
                    "method LogLikelihood",
                    item=request.item,
                )
        return [ids[0] for ids in encoded]

    def _cut(self, prompt: Prompt, ids: list[int]) -> list[int]:
        limit = self.max_sequence_length
        if self.long_prompt is LongPrompt.TRUNCATE_MIDDLE:
            half = limit // 2
            return [*ids[: limit - half], *ids[-half:]]
        # The tokenizer keeps the special tokens that it adds, whichever end it cuts.
        limits: dict[str, Any] = {"truncation": True, "max_length": limit}
        special = isinstance(prompt, str)
        kept: list[int] = self.tokenizer(
            self.rendered(prompt), add_special_tokens=special, verbose=False, **limits
        )["input_ids"]
        return kept
