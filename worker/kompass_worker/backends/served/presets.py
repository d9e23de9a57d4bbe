"""What is particular to the providers that speak OpenAI's protocol. Pure.

Addresses and parameters are those of the providers' documentation. A provider that is not listed
here works as well, with `serving.url`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

from kompass_api.serving import Provider, Reasoning, Serving, Thinking

_REASONERS: Final = re.compile(r"(^|/)(o[1-9]|gpt-5)")
"""Names of OpenAI's models that reason: other parameters, no sampling, no stop words."""


class Switch(Enum):
    """How a server is told to reason, or not to."""

    NONE = auto()
    ENABLE_THINKING = auto()
    """A field enable_thinking."""
    TEMPLATE = auto()
    """enable_thinking among the arguments of the chat template."""
    TYPE = auto()
    """An object thinking with a type."""
    EFFORT = auto()
    """reasoning_effort: none."""


@dataclass(frozen=True)
class Preset:
    """A provider's address and habits."""

    url: str | None = None
    max_tokens: str = "max_tokens"
    max_stops: int = 4
    takes_sampling: bool = True
    takes_seed: bool = True
    top_k: str | None = None
    """Field for it, where there is one."""
    min_tokens: str | None = None
    """Field for the least number of new tokens, where there is one."""
    least_temperature: float = 0.0
    """Where 0 is refused, this stands for it."""
    takes_template: bool = False
    """Whether arguments reach the chat template (chat_template_kwargs)."""
    switch: Switch = Switch.NONE
    thinking_budget: str | None = None
    """Field for the tokens a model may reason."""


_OWN: Final = Preset(
    takes_template=True,
    max_stops=16,
    top_k="top_k",
    min_tokens="min_tokens",
    switch=Switch.TEMPLATE,
)

PRESETS: Final[Mapping[Provider, Preset]] = {
    Provider.OPENAI: Preset(Provider.OPENAI.url, max_tokens="max_completion_tokens"),
    Provider.DEEPSEEK: Preset(
        Provider.DEEPSEEK.url, max_stops=16, takes_seed=False, switch=Switch.TYPE
    ),
    Provider.QWEN: Preset(
        Provider.QWEN.url,
        top_k="top_k",
        switch=Switch.ENABLE_THINKING,
        thinking_budget="thinking_budget",
    ),
    Provider.ZHIPU: Preset(Provider.ZHIPU.url, max_stops=1, takes_seed=False, switch=Switch.TYPE),
    Provider.MOONSHOT: Preset(Provider.MOONSHOT.url, takes_seed=False),
    Provider.DOUBAO: Preset(Provider.DOUBAO.url, takes_seed=False, switch=Switch.TYPE),
    Provider.MINIMAX: Preset(
        Provider.MINIMAX.url, max_stops=0, takes_seed=False, least_temperature=0.01
    ),
    Provider.HUNYUAN: Preset(Provider.HUNYUAN.url),
    Provider.BAICHUAN: Preset(Provider.BAICHUAN.url, max_stops=0, takes_seed=False, top_k="top_k"),
    Provider.STEPFUN: Preset(Provider.STEPFUN.url, max_stops=1, takes_seed=False),
    Provider.YI: Preset(Provider.YI.url, max_stops=0, takes_seed=False),
    Provider.VLLM: _OWN,
    Provider.SGLANG: replace(_OWN, min_tokens="min_tokens"),
    Provider.LMDEPLOY: replace(_OWN, min_tokens="min_new_tokens", switch=Switch.ENABLE_THINKING),
    Provider.OLLAMA: Preset(max_stops=16, switch=Switch.EFFORT),
}
GENERIC: Final = Preset(takes_template=True, switch=Switch.TEMPLATE)
"""Any other server: what OpenAI's protocol has had from the beginning, and what is asked for."""


def preset_of(serving: Serving) -> Preset:
    """What is particular to the server, and to the model's name at OpenAI's own."""
    preset = PRESETS[serving.provider] if serving.provider is not None else GENERIC
    if serving.provider is Provider.OPENAI and _REASONERS.search(serving.model):
        return replace(preset, takes_sampling=False, takes_seed=False, max_stops=0)
    return preset


def reasoning_fields(preset: Preset, settings: Reasoning) -> dict[str, Any]:
    """The fields of a request that ask for reasoning, or ask for none."""
    fields: dict[str, Any] = {}
    if settings.thinking is not Thinking.DEFAULT:
        fields |= _switched(preset.switch, on=settings.thinking is Thinking.ON)
    if settings.effort is not None:
        fields["reasoning_effort"] = settings.effort.lower()
    if settings.budget_tokens is not None and preset.thinking_budget is not None:
        fields[preset.thinking_budget] = settings.budget_tokens
    return fields


def _switched(switch: Switch, *, on: bool) -> dict[str, Any]:
    match switch:
        case Switch.ENABLE_THINKING:
            return {"enable_thinking": on}
        case Switch.TEMPLATE:
            return {"chat_template_kwargs": {"enable_thinking": on}}
        case Switch.TYPE:
            return {"thinking": {"type": "enabled" if on else "disabled"}}
        case Switch.EFFORT:
            return {} if on else {"reasoning_effort": "none"}
        case Switch.NONE:
            return {}
