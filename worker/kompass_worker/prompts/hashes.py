"""The hash of what a model is asked.

Pure.
"""

from __future__ import annotations

from kompass_api.rundocument import canonical_json, digest_of
from kompass_worker.prompts.requests import Prompt, Request, ScoringRequest


def prompt_hash(request: Request) -> str:
    """`sha256:` over everything the model is given for an item; its id has no part in it."""
    return digest_of(canonical_json(_content(request)).encode())


def _content(request: Request) -> object:
    if isinstance(request, ScoringRequest):
        return {"candidates": [[held.label, held.text] for held in request.candidates]}
    return {
        "prompt": _said(request.prompt),
        "max_new_tokens": request.max_new_tokens,
        "stop": request.stop,
    }


def _said(prompt: Prompt) -> object:
    if isinstance(prompt, str):
        return prompt
    return [[message.role, message.content] for message in prompt]
