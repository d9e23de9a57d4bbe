"""Hosts that a ModelEndpoint names: that of its server, those of its S3 services. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from kompass_api.addresses import ANTHROPIC_URL, GEMINI_URL
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.modelkinds import Backend
from kompass_api.serving import Provider
from kompass_api.sources import S3Connection

AWS: Final = "s3.amazonaws.com"
"""What an S3 connection without an endpoint is called."""

HOST: Final = re.compile(r"[a-z0-9._:-]+")
"""What a host may be made of; anything else is read differently by different programs."""


def host_of(url: str) -> str:
    """The host of a URL in lower case; empty where it is none that everybody reads alike."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if HOST.fullmatch(host) else ""


PUBLIC_HOSTS: Final[Mapping[str, str]] = {
    **{provider.value: host_of(provider.url) for provider in Provider if provider.url is not None},
    Backend.ANTHROPIC.value: host_of(ANTHROPIC_URL),
    Backend.GEMINI.value: host_of(GEMINI_URL),
    Backend.SPARK.value: "spark-api.xf-yun.com",
}
"""Where a provider or backend is asked when no URL is named."""


def served_host(endpoint: ModelEndpointSpec) -> str | None:
    """The host that is asked, of a model that somebody else serves."""
    serving = endpoint.serving
    if serving is None or endpoint.managed is not None:
        return None
    if serving.url is not None:
        return host_of(serving.url)
    known = serving.provider.value if serving.provider is not None else endpoint.backend.value
    return PUBLIC_HOSTS.get(known, "")


def s3_host(connection: S3Connection) -> str:
    """The host of an S3 service."""
    return host_of(connection.endpoint) if connection.endpoint is not None else AWS
