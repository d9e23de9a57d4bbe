"""Contexts and their continuations in tokens: two ways of telling where one ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kompass_api.modelendpoint import LongPrompt
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.backends.scoring_sheets import EncodedText
from kompass_worker.errors import PromptTooLong
from kompass_worker.prompts.requests import Continuation, Split


class _Sides(NamedTuple):
    """A text, and how much of it is context."""

    context: str
    whole: str
    special: bool
    """Whether the tokenizer adds its special tokens."""


def encode_continuations(
    tokenizer: HuggingFaceTokenizer, candidates: Sequence[Continuation], split: Split
) -> list[EncodedText]:
    """Each context with its continuation, and where that begins."""
    sides = [_sides(tokenizer, held, split) for held in candidates]
    lengths = _context_lengths(tokenizer, sides)
    wholes: list[list[int]] = [[]] * len(sides)
    for special in (True, False):
        places = [i for i, side in enumerate(sides) if side.special is special]
        texts = [sides[i].whole for i in places]
        for i, ids in zip(places, tokenizer.encode_texts(texts, special=special), strict=True):
            wholes[i] = ids
    return [
        _fitted(tokenizer, _begun(tokenizer, ids, lengths[side]))
        for ids, side in zip(wholes, sides, strict=True)
    ]


def _sides(tokenizer: HuggingFaceTokenizer, held: Continuation, split: Split) -> _Sides:
    context = tokenizer.rendered(held.context)
    whole = context + held.continuation
    # A chat template's text holds its own special tokens.
    special = isinstance(held.context, str)
    match split:
        case Split.OPENCOMPASS:
            # Wherever the continuation stands in the text, it is taken out.
            return _Sides(whole.replace(held.continuation, ""), whole, special)
        case Split.LM_EVAL:
            begin = tokenizer.tokenizer.bos_token or tokenizer.tokenizer.eos_token
            begun = not context or (begin is not None and context.startswith(str(begin)))
            return _Sides(context.rstrip(), whole, special and not begun)


def _context_lengths(tokenizer: HuggingFaceTokenizer, sides: Sequence[_Sides]) -> dict[_Sides, int]:
    """Tokens of each context; options share theirs, which is read once."""
    found: dict[tuple[str, bool], int] = {}
    for special in (True, False):
        texts = [*dict.fromkeys(side.context for side in sides if side.special is special)]
        encoded = tokenizer.encode_texts(texts, special=special)
        found |= {(text, special): len(ids) for text, ids in zip(texts, encoded, strict=True)}
    return {side: found[side.context, side.special] for side in sides}


def _begun(tokenizer: HuggingFaceTokenizer, ids: list[int], start: int) -> EncodedText:
    """Behind nothing stands the token that begins a document, unless the text brings it."""
    if start:
        return EncodedText(ids, start)
    begin = tokenizer.begin
    return EncodedText(ids if ids[:1] == [begin] else [begin, *ids], 1)


def _fitted(tokenizer: HuggingFaceTokenizer, text: EncodedText) -> EncodedText:
    """The end of a text that is too long: its last token is predicted, never read."""
    most = tokenizer.max_sequence_length + 1
    over = len(text.ids) - most
    if over <= 0:
        return text
    if tokenizer.long_prompt is LongPrompt.REFUSE:
        raise PromptTooLong(
            f"a context and its continuation have {len(text.ids)} tokens, the model takes {most} "
            "with the last, which it need not read: raise maxSequenceLength, or set longPrompt to "
            "TruncateLeft"
        )
    return EncodedText(text.ids[over:], max(1, text.start - over))
