"""What a ModelEndpoint must say where Kompass runs its server, and what it then cannot say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kompass_api.modelkinds import Backend, Device
from kompass_api.rules import rule
from kompass_api.sources import HUB

if TYPE_CHECKING:
    from kompass_api.modelendpoint import ModelEndpointSpec
    from kompass_api.sources import Source

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def _pinned(name: str) -> str:
    return (
        f"({name}.uri.startsWith('hf://') ? (has({name}.revision) && "
        f"{name}.revision.matches('^[0-9a-f]{{40}}$')) : has({name}.digest))"
    )


@rule(
    "!has(self.managed) || self.backend == 'OpenAI'",
    "managed belongs to backend OpenAI, whose protocol the servers speak: set backend to OpenAI "
    "and serving.model, or remove managed",
    field=".managed",
)
def are_asked_as_openai(spec: ModelEndpointSpec) -> bool:
    """Managed servers speak one protocol."""
    return spec.managed is None or spec.backend is Backend.OPENAI


@rule(
    "!has(self.managed) || !has(self.serving) || (!has(self.serving.url) && "
    "!has(self.serving.provider) && !has(self.serving.apiKeySecretRef))",
    "serving.url, serving.provider and serving.apiKeySecretRef belong to a server that runs "
    "elsewhere: remove them, or remove managed",
    field=".serving",
)
def have_one_address(spec: ModelEndpointSpec) -> bool:
    """A managed server's address, habits and door are Kompass' own."""
    if spec.managed is None or spec.serving is None:
        return True
    held = spec.serving
    return held.url is None and held.provider is None and held.api_key_secret_ref is None


@rule(
    "!has(self.managed) || has(self.source) || has(self.managed.source)",
    "a managed server loads weights from somewhere: set source, or managed.source where the "
    "tokenizer lies elsewhere",
    field=".source",
)
def have_weights(spec: ModelEndpointSpec) -> bool:
    """A managed server loads weights."""
    return spec.managed is None or spec.source is not None or spec.managed.source is not None


@rule(
    "self.device != 'CPU' || !has(self.managed) || !has(self.managed.gpu)",
    "managed.gpu belongs to device CUDA: remove it, or set device to CUDA",
    field=".managed.gpu",
)
def on_cpus_have_no_gpu(spec: ModelEndpointSpec) -> bool:
    """What computes on processors asks for no GPU."""
    return spec.device is not Device.CPU or spec.managed is None or spec.managed.gpu is None


@rule(
    "!has(self.managed) || !self.managed.trustRemoteCode || (has(self.managed.source) ? "
    f"{_pinned('self.managed.source')} : (has(self.source) && {_pinned('self.source')}))",
    "managed.trustRemoteCode needs pinned weights: set the source's revision to a full commit id "
    "(40 hexadecimal digits; hf://) or its digest (others)",
    field=".managed.trustRemoteCode",
)
def remote_code_is_pinned(spec: ModelEndpointSpec) -> bool:
    """Code that comes with weights is pinned."""
    if spec.managed is None or not spec.managed.trust_remote_code:
        return True
    weights = spec.managed.source or spec.source
    return weights is not None and _is_pinned(weights)


def _is_pinned(source: Source) -> bool:
    if source.uri.startswith(HUB):
        return _COMMIT.fullmatch(source.revision or "") is not None
    return source.digest is not None
