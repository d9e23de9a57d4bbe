"""Endpoints of served models, for tests."""

from __future__ import annotations

from typing import Any

from kompass_api.modelendpoint import ModelEndpointSpec

URL = "http://llama.models.svc:8000/v1"


def endpoint(
    backend: str = "OpenAI", model_type: str = "Chat", **serving: Any
) -> ModelEndpointSpec:
    own: dict[str, Any] = {"model": "m"}
    if backend == "OpenAI":
        own["url"] = URL
    if backend == "Spark":
        own["apiKeySecretRef"] = {"name": "spark"}
    return ModelEndpointSpec.model_validate(
        {"backend": backend, "modelType": model_type, "serving": {**own, **serving}}
    )
