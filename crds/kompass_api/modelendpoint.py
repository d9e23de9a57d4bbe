"""ModelEndpoint: a model and how it is run."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.metatemplate import ChatTemplate, MetaTemplate
from kompass_api.quantities import Quantity
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    LABEL_KEY,
    ApiModel,
    DnsName,
    LabelKey,
    LabelValue,
    ObjectMeta,
    ObservedGeneration,
    RuledModel,
)
from kompass_api.rules import VALIDATIONS, KeyedBy, Shape, rule
from kompass_api.sources import HUB, HUB_DATA, Source

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class Backend(StrEnum):
    """What runs the model."""

    HUGGING_FACE = "HuggingFace"


class ModelType(StrEnum):
    """How a prompt reaches the model: through its chat template, or as plain text."""

    CHAT = "Chat"
    BASE = "Base"


class Device(StrEnum):
    """Where the model computes."""

    CUDA = "CUDA"
    CPU = "CPU"


class DType(StrEnum):
    """Number format of the weights; Auto takes the checkpoint's own."""

    AUTO = "Auto"
    FLOAT32 = "Float32"
    BFLOAT16 = "BFloat16"
    FLOAT16 = "Float16"


class LongPrompt(StrEnum):
    """What happens to a prompt that does not fit even without examples."""

    REFUSE = "Refuse"
    TRUNCATE_LEFT = "TruncateLeft"


class Gpu(ApiModel):
    """GPUs of one shard."""

    count: Annotated[int, Field(description="GPUs a shard asks for.", ge=1, le=16)] = 1
    resource_name: Annotated[LabelKey, Field(description="Extended resource that counts them.")] = (
        "nvidia.com/gpu"
    )


class ResourceAmounts(ApiModel):
    """CPU and memory, as Kubernetes quantities."""

    cpu: Annotated[Quantity | None, Field(description="Cores, such as 2 or 500m.")] = None
    memory: Annotated[Quantity | None, Field(description="Bytes, such as 8Gi.")] = None
    ephemeral_storage: Annotated[
        Quantity | None,
        Field(
            alias="ephemeral-storage",
            description="Bytes, such as 50Gi; the weights of hf:// and s3:// sources land there.",
        ),
    ] = None


class Resources(ApiModel):
    """What a shard's container asks for and may take."""

    requests: Annotated[ResourceAmounts, Field(description="What the scheduler sets aside.")] = (
        ResourceAmounts()
    )
    limits: Annotated[ResourceAmounts, Field(description="What it may take at most.")] = (
        ResourceAmounts()
    )


class Toleration(RuledModel):
    """A taint that shards of this model accept, as in a pod."""

    key: Annotated[
        LabelKey | None, Field(description="Taint key; left out with Exists means every taint.")
    ] = None
    operator: Annotated[
        Literal["Exists", "Equal"], Field(description="How the value is compared.")
    ] = "Equal"
    value: Annotated[LabelValue | None, Field(description="Taint value.")] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Taint effect; left out means every effect."),
    ] = None

    @rule(
        "self.operator == 'Equal' || !has(self.value)",
        "operator Exists takes no value: remove value, or use operator Equal",
        field=".value",
    )
    def _exists_takes_no_value(self) -> bool:
        return self.operator == "Equal" or self.value is None

    @rule(
        "self.operator == 'Exists' || has(self.key)",
        "operator Equal needs a key: set key, or use operator Exists for every taint",
    )
    def _equal_needs_a_key(self) -> bool:
        return self.operator == "Exists" or self.key is not None


class Placement(ApiModel):
    """Where the shards of a model may run."""

    node_selector: Annotated[
        dict[LabelKey, LabelValue],
        Field(
            description="Labels a node must have.",
            max_length=16,
            json_schema_extra={
                VALIDATIONS: [
                    {
                        "rule": f"self.all(key, size(key) <= 253 && {LABEL_KEY.cel('key')})",
                        "message": f"label keys: {LABEL_KEY.hint}",
                    }
                ]
            },
        ),
    ] = {}
    tolerations: Annotated[
        list[Toleration], Field(description="Taints the shards accept.", max_length=16)
    ] = []
    runtime_class_name: Annotated[
        DnsName | None, Field(description="RuntimeClass of the shards' pods.")
    ] = None
    priority_class_name: Annotated[
        DnsName | None, Field(description="PriorityClass of the shards' pods.")
    ] = None


class ModelEndpointSpec(RuledModel):
    """A model, where its weights lie, and what a shard that runs it needs."""

    backend: Annotated[Backend, Field(description="What runs the model.")] = Backend.HUGGING_FACE
    model_type: Annotated[
        ModelType,
        Field(description="Chat sends prompts through the chat template, Base as plain text."),
    ] = ModelType.CHAT
    source: Annotated[Source, Field(description="Where weights and tokenizer lie.")]
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
    batch_size: Annotated[
        int, Field(description="Prompts the model is given at a time.", ge=1, le=4096)
    ] = 8
    long_prompt: Annotated[
        LongPrompt,
        Field(
            description="What happens to a prompt that is too long even without examples: "
            "Refuse stops the run before a GPU starts, TruncateLeft cuts its beginning off as "
            "OpenCompass does and marks the item."
        ),
    ] = LongPrompt.REFUSE
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
        Annotated[
            str,
            Field(min_length=1, max_length=256),
            Shape(
                r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$",
                "image must be an image reference such as registry.example.com/kompass/worker:1.0",
            ),
        ]
        | None,
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

    @rule(
        "!self.trustRemoteCode || !self.source.uri.startsWith('hf://') || "
        "(has(self.source.revision) && self.source.revision.matches('^[0-9a-f]{40}$'))",
        "trustRemoteCode needs a pinned source: set source.revision to a full commit id "
        "(40 hexadecimal digits), or trustRemoteCode to false",
        field=".trustRemoteCode",
    )
    def _remote_code_is_pinned_by_commit(self) -> bool:
        return (
            not self.trust_remote_code
            or not self.source.uri.startswith(HUB)
            or _COMMIT.fullmatch(self.source.revision or "") is not None
        )

    @rule(
        "!self.trustRemoteCode || self.source.uri.startsWith('hf://') || has(self.source.digest)",
        "trustRemoteCode needs a pinned source: set source.digest, or trustRemoteCode to false",
        field=".trustRemoteCode",
    )
    def _remote_code_is_pinned_by_digest(self) -> bool:
        return (
            not self.trust_remote_code
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
        "!self.source.uri.startsWith('hf://datasets/')",
        "source.uri names a data set: a model on the hub is hf://owner/name",
        field=".source.uri",
    )
    def _source_is_a_model(self) -> bool:
        return not self.source.uri.startswith(HUB_DATA)


class ModelEndpointStatus(ApiModel):
    """What is known of a model."""

    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this status is about.")
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(
            description="What was seen of the model.",
            max_length=20,
        ),
        KeyedBy("type"),
    ] = []


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
