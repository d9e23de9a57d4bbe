"""Where a served model is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kompass_api.managed import Managed, ManagedServer, server_url
from kompass_api.modelendpoint import Backend, ModelEndpointSpec
from kompass_api.serving import Serving

ANTHROPIC_URL: Final = "https://api.anthropic.com/v1"
GEMINI_URL: Final = "https://generativelanguage.googleapis.com/v1beta"

WEIGHTS_FOLDER: Final = "/models/weights"
"""Where a managed server's pod finds its weights, unless a volume has them."""

VOLUME_FOLDER: Final = "/mnt/pvc"
"""Where a pod finds the volumes of pvc:// sources."""

_BACKEND_URLS: Final[Mapping[Backend, str]] = {
    Backend.ANTHROPIC: ANTHROPIC_URL,
    Backend.GEMINI: GEMINI_URL,
}
_CLAIM_SCHEME: Final = "pvc://"


def address_of(spec: ModelEndpointSpec) -> str:
    """Base URL of a served model without a slash at its end; empty where only shards know it."""
    serving = spec.serving
    if serving is None:
        return ""
    known = serving.provider.url if serving.provider is not None else None
    return (serving.url or known or _BACKEND_URLS.get(spec.backend) or "").rstrip("/")


def serving_of(namespace: str, name: str, spec: ModelEndpointSpec) -> Serving | None:
    """How shards ask the model; of a managed server with its address and habits filled in."""
    if spec.managed is None or spec.serving is None:
        return spec.serving
    update = {"url": server_url(namespace, name), "provider": spec.managed.server.provider}
    if spec.managed.server is ManagedServer.TRANSFORMERS and not spec.managed.command:
        # It knows a model by its folder and by no other name.
        update["model"] = model_path(spec, spec.managed)
    return spec.serving.model_copy(update=update)


def model_path(spec: ModelEndpointSpec, managed: Managed) -> str:
    """Path of the weights in a managed server's container."""
    weights = managed.source or spec.source
    uri = weights.uri if weights is not None else ""
    folder = (
        f"{VOLUME_FOLDER}/{uri.removeprefix(_CLAIM_SCHEME).rstrip('/')}"
        if uri.startswith(_CLAIM_SCHEME)
        else WEIGHTS_FOLDER
    )
    return f"{folder}/{managed.file}" if managed.file else folder
