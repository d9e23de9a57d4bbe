"""What a ModelEndpoint must say where its model is served, and what it then cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kompass_api.modelkinds import Backend, LongPrompt, ModelType
from kompass_api.rules import rule
from kompass_api.serving import ServedPath

if TYPE_CHECKING:
    from kompass_api.modelendpoint import ModelEndpointSpec


@rule(
    "self.backend != 'HuggingFace' || has(self.source)",
    "source is needed: backend HuggingFace loads weights from it, such as uri: hf://owner/name",
    field=".source",
)
def weights_have_a_source(spec: ModelEndpointSpec) -> bool:
    """A shard loads weights from somewhere."""
    return spec.backend.is_served or spec.source is not None


@rule(
    "(self.backend == 'HuggingFace') != has(self.serving)",
    "serving belongs to the backends OpenAI, Anthropic, Gemini and Spark, which need it: set "
    "serving.model (and serving.url), or use backend HuggingFace without serving",
    field=".serving",
)
def served_models_have_a_server(spec: ModelEndpointSpec) -> bool:
    """A served model has a server, and no other has."""
    return spec.backend.is_served == (spec.serving is not None)


@rule(
    "self.backend == 'OpenAI' || !has(self.serving) || "
    "(!has(self.serving.provider) && !has(self.serving.path))",
    "serving.provider and serving.path belong to backend OpenAI: remove them, or set backend "
    "to OpenAI",
    field=".serving",
)
def providers_speak_openais_protocol(spec: ModelEndpointSpec) -> bool:
    """Providers and paths are OpenAI's protocol's."""
    return (
        spec.backend is Backend.OPENAI
        or spec.serving is None
        or (spec.serving.provider is None and spec.serving.path is None)
    )


@rule(
    "self.backend != 'OpenAI' || !has(self.serving) || has(self.serving.url) || "
    "has(self.serving.provider) || has(self.managed)",
    "serving needs a url or a provider: name the server, such as url: "
    "http://llama.models.svc:8000/v1 or provider: DeepSeek; or let Kompass run one (managed)",
    field=".serving",
)
def the_server_is_known(spec: ModelEndpointSpec) -> bool:
    """There is an address, the own one or that of a provider."""
    return (
        spec.backend is not Backend.OPENAI
        or spec.serving is None
        or spec.serving.url is not None
        or spec.serving.provider is not None
        or spec.managed is not None
    )


@rule(
    "!has(self.serving) || !has(self.serving.provider) || "
    "!(self.serving.provider in ['vLLM', 'SGLang', 'LMDeploy', 'Ollama']) || "
    "has(self.serving.url) || has(self.managed)",
    "serving.url is needed: only you know where your server runs, such as "
    "http://llama.models.svc:8000/v1",
    field=".serving.url",
)
def own_servers_have_a_url(spec: ModelEndpointSpec) -> bool:
    """Nobody else knows where one's own server runs."""
    if spec.serving is None or spec.serving.provider is None or spec.managed is not None:
        return True
    return not spec.serving.provider.is_yours or spec.serving.url is not None


@rule(
    "!has(self.serving) || !has(self.serving.url) || "
    "self.serving.url.startsWith('ws') == (self.backend == 'Spark')",
    "serving.url begins with wss:// for backend Spark and with https:// or http:// for the others",
    field=".serving.url",
)
def the_url_fits_the_backend(spec: ModelEndpointSpec) -> bool:
    """Spark is asked over WebSockets, the others over HTTP."""
    url = spec.serving.url if spec.serving is not None else None
    return url is None or url.startswith("ws") == (spec.backend is Backend.SPARK)


@rule(
    "self.backend != 'Spark' || !has(self.serving) || (has(self.serving.apiKeySecretRef) && "
    "!has(self.serving.apiKeySecretRef.key))",
    "Spark signs with three keys: set serving.apiKeySecretRef.name to a Secret with "
    "SPARK_APP_ID, SPARK_API_KEY and SPARK_API_SECRET, and no key",
    field=".serving",
)
def spark_signs_with_three_keys(spec: ModelEndpointSpec) -> bool:
    """Spark is signed with all keys of a Secret."""
    if spec.backend is not Backend.SPARK or spec.serving is None:
        return True
    reference = spec.serving.api_key_secret_ref
    return reference is not None and reference.key is None


@rule(
    "self.modelType != 'Base' || !has(self.serving) || (self.backend == 'OpenAI' && "
    "(!has(self.serving.path) || self.serving.path == 'Completions'))",
    "modelType Base sends plain text, which only backend OpenAI takes, and only at path "
    "Completions: use these, or set modelType to Chat",
    field=".modelType",
)
def plain_text_needs_completions(spec: ModelEndpointSpec) -> bool:
    """Plain text has a path of its own."""
    if spec.model_type is not ModelType.BASE or spec.serving is None:
        return True
    return spec.backend is Backend.OPENAI and spec.serving.path is not ServedPath.CHAT


@rule(
    "self.modelType != 'Chat' || !has(self.serving) || !has(self.serving.path) || "
    "self.serving.path != 'Completions' || has(self.source)",
    "modelType Chat at path Completions renders the chat template here: set source to the "
    "model's tokenizer, or serving.path to Chat",
    field=".serving.path",
)
def templates_need_a_tokenizer(spec: ModelEndpointSpec) -> bool:
    """Who sends a chat as text renders it."""
    return (
        spec.model_type is not ModelType.CHAT
        or spec.serving is None
        or spec.serving.path is not ServedPath.COMPLETIONS
        or spec.source is not None
    )


@rule(
    "!has(self.serving) || (!has(self.gpu) && !self.trustRemoteCode && "
    "self.longPrompt == 'Refuse')",
    "gpu, trustRemoteCode and longPrompt belong to weights that a shard loads, and this model "
    "runs elsewhere: remove them",
    field=".serving",
)
def served_models_need_no_device(spec: ModelEndpointSpec) -> bool:
    """What is about loading weights is not said of a server."""
    return spec.serving is None or (
        spec.gpu is None and not spec.trust_remote_code and spec.long_prompt is LongPrompt.REFUSE
    )


@rule(
    "!has(self.serving) || has(self.source) || !has(self.maxSequenceLength)",
    "maxSequenceLength needs the model's tokenizer, because nothing is refused on an "
    "estimate: set source, or remove maxSequenceLength",
    field=".maxSequenceLength",
)
def lengths_need_a_tokenizer(spec: ModelEndpointSpec) -> bool:
    """Nothing is refused on an estimate."""
    return spec.serving is None or spec.source is not None or spec.max_sequence_length is None
