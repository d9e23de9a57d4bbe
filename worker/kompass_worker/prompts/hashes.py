"""The hash of what a model is asked.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from kompass_api.rundocument import canonical_json, digest_of
from kompass_worker.prompts.requests import (
    ChoiceRequest,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Prompt,
    Request,
    ScoringRequest,
    TextRequest,
)

_PLAIN: Final = {"min_new_tokens": 0, "samples": 1, "temperature": 0.0, "top_p": 1.0, "top_k": 0}
"""Settings of a generation that say nothing; left out of the hash."""


def prompt_hash(request: Request) -> str:
    """`sha256:` over everything the model is given for an item; its id has no part in it."""
    return digest_of(canonical_json(_content(request)).encode())


def _content(request: Request) -> object:
    match request:
        case GenerationRequest():
            return {"prompt": _said(request.prompt), **_limits(request)}
        case ConversationRequest():
            plain = request.plain
            return {
                "messages": _said(request.messages),
                "infer_mode": request.infer_mode,
                "plain": plain and [[held.role, held.begin, held.end] for held in plain],
                **_limits(request),
            }
        case ScoringRequest():
            return {
                "candidates": [[held.label, held.text] for held in request.candidates],
                "divide_by": request.divide_by,
                "answers": [held.answer_text for held in request.candidates],
            }
        case ContinuationRequest():
            return {
                "continuations": [
                    [held.label, _said(held.context), held.continuation, held.answer_text]
                    for held in request.candidates
                ],
                "divide_by": request.divide_by,
                "split": request.split,
            }
        case ChoiceRequest():
            return {"prompt": _said(request.prompt), "choices": request.choices}
        case TextRequest():
            return {"text": request.text, type(request.what).__name__: asdict(request.what)}


def _limits(request: GenerationRequest | ConversationRequest) -> Mapping[str, object]:
    """Limits and, where there is chance, the seed."""
    settings: dict[str, object] = {
        name: getattr(request, name)
        for name, usual in _PLAIN.items()
        if getattr(request, name, usual) != usual
    }
    if request.temperature > 0:
        settings["seed"] = request.seed
    return {"max_new_tokens": request.max_new_tokens, "stop": request.stop, **settings}


def _said(prompt: Prompt) -> object:
    if isinstance(prompt, str):
        return prompt
    return [[message.role, message.content] for message in prompt]
