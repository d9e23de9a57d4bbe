"""What a protocol cannot say, found before anything is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kompass_api.modelendpoint import Backend, ModelEndpointSpec
from kompass_worker.backends.served.presets import preset_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import ConversationRequest, GenerationRequest, Request


def check_abilities(requests: Sequence[Request], endpoint: ModelEndpointSpec, place: str) -> None:
    """Refuse settings that would be dropped on the way; `place` names model and server."""
    for request in requests:
        if not isinstance(request, GenerationRequest | ConversationRequest):
            continue
        if request.min_new_tokens and not _takes_least(endpoint):
            raise InvalidRequest(
                f"{place}: item {request.item} wants at least {request.min_new_tokens} new tokens, "
                "which this protocol cannot say: remove generation.minNewTokens, or set "
                "serving.provider to vLLM, SGLang or LMDeploy if it is one",
                item=request.item,
            )
        if request.top_k and request.temperature > 0 and not _takes_top_k(endpoint):
            raise InvalidRequest(
                f"{place}: item {request.item} draws from the {request.top_k} likeliest tokens, "
                "which this protocol cannot say: set generation.topK to 0, or serving.provider if "
                "the server is one that takes top_k (Qwen, Baichuan, vLLM, SGLang, LMDeploy)",
                item=request.item,
            )


def _takes_least(endpoint: ModelEndpointSpec) -> bool:
    return endpoint.backend is Backend.OPENAI and preset_of(endpoint.served).min_tokens is not None


def _takes_top_k(endpoint: ModelEndpointSpec) -> bool:
    return endpoint.backend is not Backend.OPENAI or preset_of(endpoint.served).top_k is not None
