"""What a protocol cannot say, found before anything is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kompass_api.modelendpoint import Backend, ModelEndpointSpec
from kompass_api.serving import ServedPath, Thinking
from kompass_worker.backends.served.presets import Switch, preset_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import ConversationRequest, GenerationRequest, Request


def check_abilities(requests: Sequence[Request], endpoint: ModelEndpointSpec, place: str) -> None:
    """Refuse settings that would be dropped on the way; `place` names model and server."""
    _check_chat(endpoint, place)
    for request in requests:
        if not isinstance(request, GenerationRequest | ConversationRequest):
            continue
        least = request.min_new_tokens or endpoint.min_new_tokens
        if least and not _takes_least(endpoint):
            raise InvalidRequest(
                f"{place}: item {request.item} wants at least {least} new tokens, which this "
                "protocol cannot say: remove minNewTokens (of the benchmark's generation, or of "
                "the endpoint), or set serving.provider to vLLM, SGLang or LMDeploy if it is one",
                item=request.item,
            )
        if request.top_k and request.temperature > 0 and not _takes_top_k(endpoint):
            raise InvalidRequest(
                f"{place}: item {request.item} draws from the {request.top_k} likeliest tokens, "
                "which this protocol cannot say: set generation.topK to 0, or serving.provider if "
                "the server is one that takes top_k (Qwen, Baichuan, vLLM, SGLang, LMDeploy)",
                item=request.item,
            )


def _check_chat(endpoint: ModelEndpointSpec, place: str) -> None:
    if endpoint.chat_template.template_arguments and not _takes_template(endpoint):
        raise InvalidRequest(
            f"{place}: chatTemplate.arguments and flags are for servers whose chat template can be "
            "given some (vLLM, SGLang, LMDeploy, llama.cpp): remove them, or say "
            "serving.reasoning.thinking"
        )
    settings = endpoint.served.reasoning
    asked = {
        "thinking": settings.thinking is not Thinking.DEFAULT,
        "effort": settings.effort is not None,
        "budgetTokens": settings.budget_tokens is not None,
    }
    unheard = [f"serving.reasoning.{name}" for name in asked if asked[name]]
    unheard = [name for name in unheard if name.rpartition(".")[2] not in _heard(endpoint)]
    if unheard:
        raise InvalidRequest(
            f"{place}: this provider cannot be told {' or '.join(unheard)}: remove it (can be "
            f"told: {', '.join(sorted(_heard(endpoint))) or 'nothing'})"
        )


def _heard(endpoint: ModelEndpointSpec) -> set[str]:
    """The settings of reasoning that reach the model."""
    match endpoint.backend:
        case Backend.ANTHROPIC:
            thinks = endpoint.served.reasoning.thinking is Thinking.ON
            return {"thinking", "budgetTokens"} if thinks else {"thinking"}
        case Backend.GEMINI:
            return {"thinking", "budgetTokens"}
        case Backend.OPENAI if endpoint.served_path is ServedPath.CHAT:
            preset = preset_of(endpoint.served)
            return {
                "effort",
                *(["thinking"] if preset.switch is not Switch.NONE else []),
                *(["budgetTokens"] if preset.thinking_budget is not None else []),
            }
        case _:
            return set()


def _takes_least(endpoint: ModelEndpointSpec) -> bool:
    return endpoint.backend is Backend.OPENAI and preset_of(endpoint.served).min_tokens is not None


def _takes_template(endpoint: ModelEndpointSpec) -> bool:
    if endpoint.served_path is ServedPath.COMPLETIONS:
        return True
    return endpoint.backend is Backend.OPENAI and preset_of(endpoint.served).takes_template


def _takes_top_k(endpoint: ModelEndpointSpec) -> bool:
    return endpoint.backend is not Backend.OPENAI or preset_of(endpoint.served).top_k is not None
