"""Hosts that a ModelEndpoint names: that of its server, those of its S3 services. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.modelkinds import Backend
from kompass_api.serving import Provider
from kompass_api.sources import S3Connection

AWS: Final = "s3.amazonaws.com"
"""What an S3 connection without an endpoint is called."""

PUBLIC_HOSTS: Final[Mapping[str, str]] = {
    Provider.OPENAI.value: "api.openai.com",
    Provider.DEEPSEEK.value: "api.deepseek.com",
    Provider.QWEN.value: "dashscope.aliyuncs.com",
    Provider.ZHIPU.value: "open.bigmodel.cn",
    Provider.MOONSHOT.value: "api.moonshot.cn",
    Provider.DOUBAO.value: "ark.cn-beijing.volces.com",
    Provider.MINIMAX.value: "api.minimaxi.com",
    Provider.HUNYUAN.value: "api.hunyuan.cloud.tencent.com",
    Provider.BAICHUAN.value: "api.baichuan-ai.com",
    Provider.STEPFUN.value: "api.stepfun.com",
    Provider.YI.value: "api.lingyiwanwu.com",
    Backend.ANTHROPIC.value: "api.anthropic.com",
    Backend.GEMINI.value: "generativelanguage.googleapis.com",
    Backend.SPARK.value: "spark-api.xf-yun.com",
}
"""Where a provider or backend is asked when no URL is named; the worker's tests compare."""

HOST: Final = re.compile(r"[a-z0-9._:-]+")
"""What a host may be made of; anything else is read differently by different programs."""


def host_of(url: str) -> str:
    """The host of a URL in lower case; empty where it is none that everybody reads alike."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if HOST.fullmatch(host) else ""


def served_host(endpoint: ModelEndpointSpec) -> str | None:
    """The host that is asked, of a served model."""
    serving = endpoint.serving
    if serving is None:
        return None
    if serving.url is not None:
        return host_of(serving.url)
    known = serving.provider.value if serving.provider is not None else endpoint.backend.value
    return PUBLIC_HOSTS.get(known, "")


def s3_host(connection: S3Connection) -> str:
    """The host of an S3 service."""
    return host_of(connection.endpoint) if connection.endpoint is not None else AWS
