"""What a shard's pod asks for, and on which nodes it may run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kompass_api.quantities import Quantity
from kompass_api.resources import (
    LABEL_KEY,
    ApiModel,
    DnsName,
    LabelKey,
    LabelValue,
    RuledModel,
)
from kompass_api.rules import VALIDATIONS, rule


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
