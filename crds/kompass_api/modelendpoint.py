"""ModelEndpoint: a model and how it is run."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api import managedrules, servedrules
from kompass_api.endpointstatus import ModelEndpointStatus
from kompass_api.huggingface import HuggingFaceOptions, Side
from kompass_api.images import ImageReference
from kompass_api.managed import Managed
from kompass_api.metatemplate import ChatTemplate, MetaTemplate
from kompass_api.modelkinds import Backend, Device, DType, LongPrompt, ModelType
from kompass_api.placement import PRODUCT_LABEL, Gpu, Placement, Resources
from kompass_api.podoverlay import PodOverlay
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    DnsName,
    ObjectMeta,
    RuledModel,
)
from kompass_api.rules import rule
from kompass_api.serving import ServedPath, Serving
from kompass_api.sources import HUB, HUB_DATA, Source

__all__ = [
    "Backend",
    "DType",
    "Device",
    "LongPrompt",
    "ModelEndpoint",
    "ModelEndpointSpec",
    "ModelEndpointStatus",
    "ModelType",
]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class ModelEndpointSpec(RuledModel):
    """A model, where its weights lie, and what a shard that runs it needs."""

    backend: Annotated[Backend, Field(description="What runs the model.")] = Backend.HUGGING_FACE
    model_type: Annotated[
        ModelType,
        Field(description="Chat sends prompts through the chat template, Base as plain text."),
    ] = ModelType.CHAT
    source: Annotated[
        Source | None,
        Field(
            description="Where weights and tokenizer lie. Of a served model the tokenizer alone, "
            "to count tokens exactly; left out they are estimated."
        ),
    ] = None
    serving: Annotated[
        Serving | None,
        Field(description="Backends other than HuggingFace: the server and how it is asked."),
    ] = None
    device: Annotated[
        Device,
        Field(description="CUDA, or CPU. A shard that finds no such device fails at once."),
    ] = Device.CUDA
    dtype: Annotated[
        DType, Field(description="Number format; Auto takes the checkpoint's own.")
    ] = DType.AUTO
    max_sequence_length: Annotated[
        int | None,
        Field(
            description="Tokens a prompt may have. Left out: what the model's config says.",
            ge=16,
            le=4_194_304,
        ),
    ] = None
    max_new_tokens: Annotated[
        int,
        Field(
            description="Tokens to generate, where the benchmark does not say.", ge=1, le=131_072
        ),
    ] = 256
    min_new_tokens: Annotated[
        int,
        Field(
            description="Tokens below which an answer does not end, where the benchmark does not "
            "say.",
            ge=0,
            le=131_072,
        ),
    ] = 0
    stop_words: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(
            description="Text that ends an answer of this model, besides what the benchmark says; "
            "it is cut off.",
            max_length=16,
        ),
    ] = []
    batch_size: Annotated[
        int, Field(description="Prompts the model is given at a time.", ge=1, le=4096)
    ] = 8
    long_prompt: Annotated[
        LongPrompt,
        Field(
            description="What happens to a prompt that is too long even without examples: "
            "Refuse stops the run before a GPU starts, TruncateLeft cuts its beginning off as "
            "OpenCompass does (front), TruncateMiddle its middle (mid), TruncateRight its end "
            "(rear), and the item is marked."
        ),
    ] = LongPrompt.REFUSE
    hugging_face: Annotated[
        HuggingFaceOptions | None,
        Field(description="Backend HuggingFace: how transformers loads the model."),
    ] = None
    meta_template: Annotated[
        MetaTemplate | None,
        Field(
            description="How dialogues become text (modelType Base; left out: every turn is a "
            "line) or messages (modelType Chat; left out: the run's profile says)."
        ),
    ] = None
    chat_template: Annotated[
        ChatTemplate, Field(description="modelType Chat: what its template is given besides.")
    ] = ChatTemplate()
    trust_remote_code: Annotated[
        bool,
        Field(
            description="Run Python code that comes with the model. The source must be pinned: "
            "hf:// by a full commit id as revision, others by digest."
        ),
    ] = False
    image: Annotated[
        ImageReference | None,
        Field(description="Worker image for this model; the operator's default otherwise."),
    ] = None
    image_pull_secrets: Annotated[
        list[DnsName], Field(description="Secrets that open the registry.", max_length=8)
    ] = []
    resources: Annotated[Resources, Field(description="CPU and memory of a shard.")] = Resources()
    gpu: Annotated[
        Gpu | None,
        Field(description="GPUs of a shard; one nvidia.com/gpu where device is CUDA."),
    ] = None
    placement: Annotated[Placement, Field(description="Where shards may run.")] = Placement()
    managed: Annotated[
        Managed | None,
        Field(
            description="Backend OpenAI: a server that Kompass runs in the cluster while runs need "
            "the model, in place of serving.url. Not in this release: a run of it is refused."
        ),
    ] = None
    pod: Annotated[PodOverlay, Field(description="What a shard's pod has besides.")] = PodOverlay()

    @property
    def loading(self) -> HuggingFaceOptions:
        """How transformers loads the model."""
        return self.hugging_face or HuggingFaceOptions()

    @property
    def sources(self) -> list[Source]:
        """Everything that has to be fetched for the model."""
        return [*([self.source] if self.source is not None else []), *self.loading.sources]

    _weights_have_a_source = servedrules.weights_have_a_source
    _served_models_have_a_server = servedrules.served_models_have_a_server
    _providers_speak_openais_protocol = servedrules.providers_speak_openais_protocol
    _the_server_is_known = servedrules.the_server_is_known
    _the_url_fits_the_backend = servedrules.the_url_fits_the_backend
    _spark_signs_with_three_keys = servedrules.spark_signs_with_three_keys
    _plain_text_needs_completions = servedrules.plain_text_needs_completions
    _templates_need_a_tokenizer = servedrules.templates_need_a_tokenizer
    _served_models_need_no_device = servedrules.served_models_need_no_device
    _lengths_need_a_tokenizer = servedrules.lengths_need_a_tokenizer
    _own_servers_have_a_url = servedrules.own_servers_have_a_url
    _managed_servers_are_asked_as_openai = managedrules.are_asked_as_openai
    _managed_servers_have_one_address = managedrules.have_one_address
    _managed_servers_have_weights = managedrules.have_weights
    _managed_servers_on_cpus_have_no_gpu = managedrules.on_cpus_have_no_gpu
    _managed_remote_code_is_pinned = managedrules.remote_code_is_pinned

    @rule(
        "self.backend == 'HuggingFace' || !has(self.huggingFace)",
        "huggingFace belongs to backend HuggingFace: remove it, or set backend to HuggingFace",
        field=".huggingFace",
    )
    def _options_belong_to_their_backend(self) -> bool:
        return self.backend is Backend.HUGGING_FACE or self.hugging_face is None

    @rule(
        "!has(self.huggingFace) || !has(self.huggingFace.truncationSide) || "
        "!(self.longPrompt in ['TruncateLeft', 'TruncateRight']) || "
        "self.longPrompt == 'Truncate' + self.huggingFace.truncationSide",
        "huggingFace.truncationSide contradicts longPrompt, which says what is cut: remove "
        "truncationSide, or set longPrompt to TruncateLeft or TruncateRight to match",
        field=".huggingFace.truncationSide",
    )
    def _one_word_on_truncation(self) -> bool:
        cut = {LongPrompt.TRUNCATE_LEFT: Side.LEFT, LongPrompt.TRUNCATE_RIGHT: Side.RIGHT}
        side = self.loading.truncation_side
        return side is None or cut.get(self.long_prompt, side) is side

    @rule(
        "!self.trustRemoteCode || !has(self.huggingFace) || !has(self.huggingFace.tokenizer) || "
        "has(self.huggingFace.tokenizer.digest) || "
        "(self.huggingFace.tokenizer.uri.startsWith('hf://') && "
        "has(self.huggingFace.tokenizer.revision) && "
        "self.huggingFace.tokenizer.revision.matches('^[0-9a-f]{40}$'))",
        "trustRemoteCode needs a pinned tokenizer: set huggingFace.tokenizer.revision to a full "
        "commit id (40 hexadecimal digits) or its digest, or trustRemoteCode to false",
        field=".huggingFace.tokenizer",
    )
    def _remote_code_of_tokenizers_is_pinned(self) -> bool:
        held = self.loading.tokenizer
        return (
            not self.trust_remote_code
            or held is None
            or held.digest is not None
            or (held.uri.startswith(HUB) and _COMMIT.fullmatch(held.revision or "") is not None)
        )

    @rule(
        "!self.trustRemoteCode || !has(self.source) || !self.source.uri.startsWith('hf://') || "
        "(has(self.source.revision) && self.source.revision.matches('^[0-9a-f]{40}$'))",
        "trustRemoteCode needs a pinned source: set source.revision to a full commit id "
        "(40 hexadecimal digits), or trustRemoteCode to false",
        field=".trustRemoteCode",
    )
    def _remote_code_is_pinned_by_commit(self) -> bool:
        return (
            not self.trust_remote_code
            or self.source is None
            or not self.source.uri.startswith(HUB)
            or _COMMIT.fullmatch(self.source.revision or "") is not None
        )

    @rule(
        "!self.trustRemoteCode || !has(self.source) || self.source.uri.startsWith('hf://') || "
        "has(self.source.digest)",
        "trustRemoteCode needs a pinned source: set source.digest, or trustRemoteCode to false",
        field=".trustRemoteCode",
    )
    def _remote_code_is_pinned_by_digest(self) -> bool:
        return (
            not self.trust_remote_code
            or self.source is None
            or self.source.uri.startswith(HUB)
            or self.source.digest is not None
        )

    @rule(
        "self.modelType == 'Chat' || (!has(self.chatTemplate.userSuffixNewline) && "
        "size(self.chatTemplate.systemPrompt) == 0 && size(self.chatTemplate.arguments) == 0 && "
        "size(self.chatTemplate.flags) == 0)",
        "chatTemplate belongs to modelType Chat: a Base model gets plain text, which metaTemplate "
        "can shape",
        field=".chatTemplate",
    )
    def _chat_template_belongs_to_chat(self) -> bool:
        return self.model_type is ModelType.CHAT or self.chat_template == ChatTemplate()

    @rule(
        "self.modelType == 'Base' || !has(self.metaTemplate) || "
        "(size(self.metaTemplate.begin) == 0 && size(self.metaTemplate.end) == 0)",
        "metaTemplate.begin and metaTemplate.end are text around a Base model's prompt: for "
        "modelType Chat remove them, or use chatTemplate.systemPrompt",
        field=".metaTemplate",
    )
    def _messages_have_nothing_around(self) -> bool:
        held = self.meta_template
        return self.model_type is ModelType.BASE or held is None or not (held.begin or held.end)

    @rule(
        "self.device != 'CPU' || !has(self.gpu)",
        "gpu belongs to device CUDA: remove gpu, or set device to CUDA",
        field=".gpu",
    )
    def _cpu_takes_no_gpu(self) -> bool:
        return self.device is not Device.CPU or self.gpu is None

    @rule(
        "!has(self.gpu) || !has(self.gpu.product) || "
        f"!('{PRODUCT_LABEL}' in self.placement.nodeSelector)",
        f"gpu.product and placement.nodeSelector both set {PRODUCT_LABEL}: remove one",
        field=".gpu.product",
    )
    def _one_word_on_the_product(self) -> bool:
        wanted = self.gpu is not None and self.gpu.product is not None
        return not wanted or PRODUCT_LABEL not in self.placement.node_selector

    @rule(
        "!has(self.source) || !self.source.uri.startsWith('hf://datasets/')",
        "source.uri names a data set: a model on the hub is hf://owner/name",
        field=".source.uri",
    )
    def _source_is_a_model(self) -> bool:
        return self.source is None or not self.source.uri.startswith(HUB_DATA)

    @property
    def weights(self) -> Source:
        """Where the weights lie; only of a model that a shard loads."""
        if self.source is None:
            raise ValueError("a served model without a tokenizer has no source")
        return self.source

    @property
    def served(self) -> Serving:
        """The server; only of a served model."""
        if self.serving is None:
            raise ValueError(f"backend {self.backend} is not served")
        return self.serving

    @property
    def served_path(self) -> ServedPath:
        """The server's door that is used."""
        if self.serving is not None and self.serving.path is not None:
            return self.serving.path
        return ServedPath.CHAT if self.model_type is ModelType.CHAT else ServedPath.COMPLETIONS


class ModelEndpoint(RuledModel):
    """A model: where its weights lie, how prompts reach it, and what a pod that runs it needs."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["ModelEndpoint"] = "ModelEndpoint"
    metadata: ObjectMeta
    spec: ModelEndpointSpec
    status: ModelEndpointStatus | None = None

    @rule(
        f"size(self.metadata.name) <= 63 && {DNS_LABEL.cel('self.metadata.name')}",
        f"metadata.name must be a DNS label of at most 63 characters: {DNS_LABEL.hint}",
        field=".metadata.name",
    )
    def _name_is_a_label(self) -> bool:
        return DNS_LABEL.matches(self.metadata.name)
