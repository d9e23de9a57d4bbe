"""Wrong and right manifests of served models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import REMOVED, Wrong

_SERVED: Final = {"model": "llama", "url": "http://llama.models.svc:8000/v1"}
_OPENAI: Final[Mapping[str, object]] = {
    "spec/backend": "OpenAI",
    "spec/source": REMOVED,
    "spec/serving": _SERVED,
}
_ANTHROPIC: Final[Mapping[str, object]] = {
    "spec/backend": "Anthropic",
    "spec/source": REMOVED,
    "spec/serving": {"model": "claude-sonnet-4-5"},
}
_SPARK: Final[Mapping[str, object]] = {
    "spec/backend": "Spark",
    "spec/source": REMOVED,
    "spec/serving": {"model": "4.0Ultra", "apiKeySecretRef": {"name": "spark"}},
}

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "weights-without-a-source": Wrong(
        "ModelEndpoint",
        {"spec/source": REMOVED},
        "spec.source",
        "backend HuggingFace loads weights from it",
    ),
    "weights-with-a-server": Wrong(
        "ModelEndpoint",
        {"spec/serving": _SERVED},
        "spec.serving",
        "serving belongs to the backends OpenAI, Anthropic, Gemini and Spark",
    ),
    "provider-of-another-protocol": Wrong(
        "ModelEndpoint",
        {**_ANTHROPIC, "spec/serving/provider": "DeepSeek"},
        "spec.serving",
        "serving.provider and serving.path belong to backend OpenAI",
    ),
    "server-nowhere": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving": {"model": "llama"}},
        "spec.serving",
        "serving needs a url or a provider",
    ),
    "own-server-nowhere": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving": {"model": "llama", "provider": "vLLM"}},
        "spec.serving.url",
        "only you know where your server runs",
    ),
    "server-url-without-scheme": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/url": "llama:8000/v1"},
        "spec.serving.url",
        "url must be the server's base URL",
    ),
    "server-url-with-password": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/url": "https://me:pw@llama/v1"},
        "spec.serving.url",
        "url must not hold a user or password: put the key into a Secret and name it in "
        "apiKeySecretRef",
    ),
    "server-url-of-a-socket": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/url": "wss://llama/v1"},
        "spec.serving.url",
        "begins with wss:// for backend Spark and with https:// or http:// for the others",
    ),
    "spark-with-one-key": Wrong(
        "ModelEndpoint",
        {**_SPARK, "spec/serving/apiKeySecretRef/key": "SPARK_API_KEY"},
        "spec.serving",
        "Spark signs with three keys",
    ),
    "plain-text-for-a-chat": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/modelType": "Base", "spec/serving/path": "Chat"},
        "spec.modelType",
        "modelType Base sends plain text",
    ),
    "chat-as-text-without-a-template": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/path": "Completions"},
        "spec.serving.path",
        "renders the chat template here",
    ),
    "gpu-for-a-server": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/gpu": {"count": 1}},
        "spec.serving",
        "belong to weights that a shard loads",
    ),
    "length-on-an-estimate": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/maxSequenceLength": 4096},
        "spec.maxSequenceLength",
        "nothing is refused on an estimate",
    ),
    "key-in-a-header": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/headers": [{"name": "Authorization", "value": "Bearer x"}]},
        "spec.serving.headers[0].name",
        "headers hold no credentials",
    ),
    "header-with-a-space": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/headers": [{"name": "X Team", "value": "eval"}]},
        "spec.serving.headers[0].name",
        "a header's name has letters, digits and '-'",
    ),
    "header-value-with-a-line-break": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/headers": [{"name": "X-Team", "value": "a\nb"}]},
        "spec.serving.headers[0].value",
        "a header's value has printable ASCII characters only",
    ),
    "served-name-with-a-space": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/model": "my model"},
        "spec.serving.model",
        "model must be the name that the server knows",
    ),
    "api-key-with-a-slash": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/apiKeySecretRef": {"name": "llm", "key": "a/b"}},
        "spec.serving.apiKeySecretRef.key",
        "key must be a key of the Secret",
    ),
    "reasoning-tag-with-brackets": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/reasoning": {"tag": "<think>"}},
        "spec.serving.reasoning.tag",
        "a tag has letters, digits, '_' and '-'",
    ),
    "temperature-in-words": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/temperature": "warm"},
        "spec.serving.temperature",
        "a decimal number such as 0.7, in quotes",
    ),
}

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "api-key-of-another-namespace": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/apiKeySecretRef": {"name": "llm", "namespace": "other"}},
        "spec.serving.apiKeySecretRef.namespace",
        "unknown field",
    ),
    "provider-unknown": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/provider": "vllm"},
        "spec.serving.provider",
        'supported values: "OpenAI", "DeepSeek"',
    ),
    "served-without-a-model": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/model": REMOVED},
        "spec.serving.model",
        "Required value",
    ),
    "no-requests-at-a-time": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/concurrency": 0},
        "spec.serving.concurrency",
        "should be greater than or equal to 1",
    ),
    "key-in-the-manifest": Wrong(
        "ModelEndpoint",
        {**_OPENAI, "spec/serving/apiKey": "sk-123"},
        "spec.serving.apiKey",
        "unknown field",
    ),
}

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "own-server": ("ModelEndpoint", _OPENAI),
    "own-server-with-a-tokenizer": (
        "ModelEndpoint",
        {
            "spec/backend": "OpenAI",
            "spec/serving": {**_SERVED, "provider": "vLLM"},
            "spec/maxSequenceLength": 4096,
        },
    ),
    "base-model-of-a-server": ("ModelEndpoint", {**_OPENAI, "spec/modelType": "Base"}),
    "public-provider": (
        "ModelEndpoint",
        {
            **_OPENAI,
            "spec/serving": {
                "provider": "DeepSeek",
                "model": "deepseek-chat",
                "apiKeySecretRef": {"name": "deepseek", "key": "api-key"},
                "headers": [{"name": "X-Team", "value": "eval"}],
                "reasoning": {"thinking": "Off", "output": "Prepend"},
                "temperature": "0.7",
            },
        },
    ),
    "anthropic": ("ModelEndpoint", _ANTHROPIC),
    "gemini": ("ModelEndpoint", {**_ANTHROPIC, "spec/backend": "Gemini"}),
    "spark": ("ModelEndpoint", _SPARK),
    "spark-elsewhere": (
        "ModelEndpoint",
        {**_SPARK, "spec/serving/url": "wss://spark.example.com/v4.0/chat"},
    ),
}
