"""EvalPolicy: what the runs of some namespaces may use. Cluster-scoped; several add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from kompass_api.namespaceselection import NamespaceSelector
from kompass_api.resources import API_VERSION, ApiModel, DnsLabel, ObjectMeta
from kompass_api.rules import Shape
from kompass_api.security import CodeExecution, Network, RemoteCode

ImagePattern = Annotated[
    str,
    Field(min_length=1, max_length=256),
    Shape(
        r"^[a-zA-Z0-9][a-zA-Z0-9._:-]*(/[a-zA-Z0-9._:/@*-]*)?$",
        "use an image with * for any text, and none before the first '/', such as "
        "registry.example.com/kompass/*",
    ),
]
"""An image, in which * stands for any text; the registry is written out."""

UriPrefix = Annotated[
    str,
    Field(min_length=5, max_length=512),
    Shape(
        r"^(hf|s3|pvc)://[^\s*]*$",
        "use the beginning of a URI, without *, such as hf://meta-llama or s3://models/approved",
    ),
]
"""The beginning of a URI, up to a whole path segment."""

HostPattern = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Shape(
        r"^([*][.])?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        "use a host's name or address in lower case, or *. and a domain, such as "
        "api.deepseek.com or *.models.svc",
    ),
]
"""A host, or every host below a domain."""

Amount = Annotated[int, Field(ge=0, le=1_000_000)]
"""A ceiling."""


class ImageLimits(ApiModel):
    """Which images the pods may run."""

    allowed: Annotated[
        list[ImagePattern] | None,
        Field(
            description="Images that a ModelEndpoint may name; * stands for any text. Left out: "
            "any. Empty: none but the operator's own.",
            max_length=64,
        ),
    ] = None
    digest_only: Annotated[
        bool, Field(description="An image must be named by digest (@sha256:...).")
    ] = False


class SourceLimits(ApiModel):
    """From where models and data may come, and where results may go."""

    models: Annotated[
        list[UriPrefix] | None,
        Field(
            description="Beginnings of the URIs of weights, tokenizers, adapters and embedding "
            "models. Left out: any. Empty: none.",
            max_length=64,
        ),
    ] = None
    data: Annotated[
        list[UriPrefix] | None,
        Field(
            description="Beginnings of the URIs of benchmarks' data. Left out: any. Empty: none.",
            max_length=64,
        ),
    ] = None
    storage: Annotated[
        list[UriPrefix] | None,
        Field(
            description="Beginnings of spec.storage.uri of a run. Left out: any. Empty: only the "
            "operator's default storage.",
            max_length=64,
        ),
    ] = None
    s3_hosts: Annotated[
        list[HostPattern] | None,
        Field(
            description="Hosts of S3 services that runs, models and data may name; AWS is "
            "s3.amazonaws.com. Left out: any. Empty: only that of the default storage.",
            max_length=64,
        ),
    ] = None


class Limits(ApiModel):
    """How much a run, and a namespace, may use at a time."""

    max_shards: Annotated[Amount | None, Field(description="Shards of a run.")] = None
    max_parallelism: Annotated[
        Amount | None, Field(description="spec.execution.parallelism of a run.")
    ] = None
    max_gpus_per_run: Annotated[
        Amount | None, Field(description="GPUs that a run may hold at a time.")
    ] = None
    max_gpus_per_namespace: Annotated[
        Amount | None,
        Field(
            description="GPUs that the shards of a namespace may hold at a time. Runs wait for "
            "their turn, the oldest first."
        ),
    ] = None


class QueueLimits(ApiModel):
    """Through which queues runs go."""

    allowed: Annotated[
        list[DnsLabel] | None,
        Field(
            description="LocalQueues that a run may name. Left out: any. Empty: none.",
            max_length=64,
        ),
    ] = None
    required: Annotated[bool, Field(description="A run must name a queue.")] = False


class EvalPolicySpec(ApiModel):
    """For which namespaces the policy is, and what it allows; what is left out is free."""

    namespaces: Annotated[
        list[DnsLabel] | None,
        Field(
            description="Namespaces it is for, by name, besides those that namespaceSelector "
            "selects. Neither given: every namespace.",
            max_length=256,
        ),
    ] = None
    namespace_selector: Annotated[
        NamespaceSelector | None, Field(description="Namespaces it is for, by labels.")
    ] = None
    images: Annotated[ImageLimits, Field(description="Images of the pods.")] = ImageLimits()
    sources: Annotated[SourceLimits, Field(description="Where models, data and results lie.")] = (
        SourceLimits()
    )
    network: Annotated[
        Network | None,
        Field(description="How far spec.security.network of a run may reach. Left out: Online."),
    ] = None
    code_execution: Annotated[
        CodeExecution | None,
        Field(description="What spec.security.codeExecution of a run may be. Left out: any."),
    ] = None
    trust_remote_code: Annotated[
        RemoteCode | None,
        Field(
            description="Whether a ModelEndpoint may set trustRemoteCode, which needs a pinned "
            "revision anyway. Left out: Allow."
        ),
    ] = None
    served_hosts: Annotated[
        list[HostPattern] | None,
        Field(
            description="Hosts of served models, such as api.deepseek.com or *.models.svc. Left "
            "out: any. Empty: none.",
            max_length=64,
        ),
    ] = None
    limits: Annotated[Limits, Field(description="How much may be used at a time.")] = Limits()
    queues: Annotated[QueueLimits, Field(description="Queues of the Jobs (Kueue).")] = QueueLimits()

    def selects(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether the policy is for a namespace."""
        if self.namespaces is None and self.namespace_selector is None:
            return True
        if namespace in (self.namespaces or ()):
            return True
        return self.namespace_selector is not None and self.namespace_selector.selects(labels)


class EvalPolicy(ApiModel):
    """What the runs of some namespaces may use. Every policy for a namespace applies to it."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["EvalPolicy"] = "EvalPolicy"
    metadata: ObjectMeta
    spec: EvalPolicySpec
