"""What a shard's pod asks for, and on which nodes it may run."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.affinity import Affinity, TopologySpreadConstraint
from kompass_api.quantities import Quantity
from kompass_api.resources import (
    ApiModel,
    DnsName,
    LabelKey,
    Labels,
    LabelValue,
    RuledModel,
)
from kompass_api.rules import rule

PRODUCT_LABEL: Final = "nvidia.com/gpu.product"
"""Label that NVIDIA's GPU feature discovery gives to nodes."""


class Gpu(RuledModel):
    """GPUs of one shard."""

    count: Annotated[int, Field(description="GPUs a shard asks for.", ge=1, le=16)] = 1
    resource_name: Annotated[LabelKey, Field(description="Extended resource that counts them.")] = (
        "nvidia.com/gpu"
    )
    product: Annotated[
        Annotated[LabelValue, Field(min_length=1)] | None,
        Field(description=f"Model of the GPU: node label {PRODUCT_LABEL}. Left out: any."),
    ] = None
    exclusive: Annotated[
        bool,
        Field(
            description="Warn in condition Accepted where resourceName counts shares of a GPU "
            "(time slices, MIG). false: shares are meant."
        ),
    ] = True

    @rule(
        "!has(self.product) || self.resourceName.startsWith('nvidia.com/')",
        "product is a label of NVIDIA GPUs: remove it, and name the nodes of other GPUs in "
        "placement.nodeSelector",
        field=".product",
    )
    def _products_are_nvidias(self) -> bool:
        return self.product is None or self.resource_name.startswith("nvidia.com/")

    @property
    def is_share(self) -> bool:
        """Whether the resource counts parts of GPUs, whose other parts may be somebody else's."""
        name = self.resource_name.partition("/")[2]
        return name.endswith(".shared") or name.startswith("mig-")


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
    """Where pods may run."""

    node_selector: Annotated[Labels, Field(description="Labels a node must have.")] = {}
    affinity: Annotated[Affinity | None, Field(description="Nodes that pods want.")] = None
    topology_spread_constraints: Annotated[
        list[TopologySpreadConstraint],
        Field(description="How evenly a run's shards are spread over places.", max_length=4),
    ] = []
    tolerations: Annotated[
        list[Toleration], Field(description="Taints the pods accept.", max_length=16)
    ] = []
    runtime_class_name: Annotated[
        DnsName | None, Field(description="RuntimeClass of the pods.")
    ] = None
    priority_class_name: Annotated[
        DnsName | None, Field(description="PriorityClass of the pods.")
    ] = None
    scheduler_name: Annotated[
        DnsName | None, Field(description="Scheduler of the pods, such as volcano.")
    ] = None
