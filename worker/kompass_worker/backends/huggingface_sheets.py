"""Requests about likelihoods in a transformers model's tokens."""

from __future__ import annotations

from collections.abc import Sequence

from kompass_worker.backends.huggingface_continuations import encode_continuations
from kompass_worker.backends.huggingface_text import HuggingFaceTokenizer
from kompass_worker.backends.scoring_sheets import (
    EncodedText,
    Sheet,
    candidates_sheet,
    choice_sheet,
    text_sheet,
)
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    ChoiceRequest,
    ContinuationRequest,
    Request,
    ScoringRequest,
    TextRequest,
)


def sheets_of(tokenizer: HuggingFaceTokenizer, requests: Sequence[Request]) -> list[Sheet]:
    """A sheet for each request about likelihoods; the others have none."""
    whole = [one for one in requests if isinstance(one, ScoringRequest)]
    sheets = _whole_texts(tokenizer, whole)
    for request in requests:
        match request:
            case ContinuationRequest():
                texts = encode_continuations(tokenizer, request.candidates, request.split)
                sheets.append(candidates_sheet(request, texts))
            case ChoiceRequest():
                (ids,) = tokenizer.encode([request.prompt], [request.item])
                choices = tokenizer.choices(request)
                sheets.append(choice_sheet(request, ids or [tokenizer.begin], choices))
            case TextRequest():
                sheets.append(text_sheet(request, _text(tokenizer, request)))
    return sheets


def _text(tokenizer: HuggingFaceTokenizer, request: TextRequest) -> list[int]:
    if not isinstance(request.what, BitsPerCharacter):
        return tokenizer.encode([request.text], [request.item])[0]
    if request.what.block > tokenizer.max_sequence_length:
        raise InvalidRequest(
            f"item {request.item}: windows of {request.what.block} tokens do not fit into a model "
            f"that takes {tokenizer.max_sequence_length}: lower likelihood.blockSize of the "
            "benchmark, or raise maxSequenceLength",
            item=request.item,
        )
    return tokenizer.whole([request.text])[0]


def _whole_texts(
    tokenizer: HuggingFaceTokenizer, requests: Sequence[ScoringRequest]
) -> list[Sheet]:
    asked = [(held.text, request.item) for request in requests for held in request.candidates]
    encoded = iter(tokenizer.encode([text for text, _ in asked], [item for _, item in asked]))
    return [
        candidates_sheet(request, [EncodedText(next(encoded)) for _ in request.candidates])
        for request in requests
    ]
