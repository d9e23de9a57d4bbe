"""ModelEndpoint: a model and how it is run."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.resources import API_VERSION, ApiModel, DnsLabel, LabelKey, ObjectMeta
from kompass_api.sources import Source

QUANTITY_PATTERN = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"


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

    cpu: Annotated[
        str | None, Field(description="Such as 2 or 500m.", pattern=QUANTITY_PATTERN, max_length=32)
    ] = None
    memory: Annotated[
        str | None, Field(description="Such as 8Gi.", pattern=QUANTITY_PATTERN, max_length=32)
    ] = None
    ephemeral_storage: Annotated[
        str | None,
        Field(
            alias="ephemeral-storage",
            description="Such as 50Gi; the weights of hf:// and s3:// sources land there.",
            pattern=QUANTITY_PATTERN,
            max_length=32,
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


class Toleration(ApiModel):
    """A taint that shards of this model accept, as in a pod."""

    key: Annotated[
        LabelKey | None, Field(description="Taint key; left out with Exists means every taint.")
    ] = None
    operator: Annotated[
        Literal["Exists", "Equal"], Field(description="How the value is compared.")
    ] = "Equal"
    value: Annotated[str | None, Field(description="Taint value.", max_length=63)] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Taint effect; left out means every effect."),
    ] = None


class Placement(ApiModel):
    """Where the shards of a model may run."""

    node_selector: Annotated[
        dict[LabelKey, Annotated[str, Field(max_length=63)]],
        Field(description="Labels a node must have.", max_length=16),
    ] = {}
    tolerations: Annotated[
        list[Toleration], Field(description="Taints the shards accept.", max_length=16)
    ] = []
    runtime_class_name: Annotated[
        DnsLabel | None, Field(description="RuntimeClass of the shards' pods.")
    ] = None
    priority_class_name: Annotated[
        DnsLabel | None, Field(description="PriorityClass of the shards' pods.")
    ] = None


class ModelEndpointSpec(ApiModel):
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
    trust_remote_code: Annotated[
        bool,
        Field(description="Run Python code that comes with the model. Needs a full commit id."),
    ] = False
    image: Annotated[
        str | None,
        Field(
            description="Worker image for this model; the operator's default otherwise.",
            pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$",
            max_length=256,
        ),
    ] = None
    image_pull_secrets: Annotated[
        list[DnsLabel], Field(description="Secrets that open the registry.", max_length=8)
    ] = []
    resources: Annotated[Resources, Field(description="CPU and memory of a shard.")] = Resources()
    gpu: Annotated[
        Gpu | None,
        Field(description="GPUs of a shard; one nvidia.com/gpu where device is CUDA."),
    ] = None
    placement: Annotated[Placement, Field(description="Where shards may run.")] = Placement()


class ModelEndpointStatus(ApiModel):
    """What is known of a model."""

    observed_generation: Annotated[
        int, Field(description="Generation of the spec this status is about.", ge=0)
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(
            description="What was seen of the model.",
            max_length=20,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []


class ModelEndpoint(ApiModel):
    """The ModelEndpoint resource."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["ModelEndpoint"] = "ModelEndpoint"
    metadata: ObjectMeta
    spec: ModelEndpointSpec
    status: ModelEndpointStatus | None = None
