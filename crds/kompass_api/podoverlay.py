"""What may be added to the pods that Kompass makes: marks, memory to share, and volumes.

An overlay, not a pod: there is no field for another container, a folder of the node, its network
or a privilege, so that none can be asked for.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.quantities import Quantity
from kompass_api.resources import (
    LABEL_KEY,
    ApiModel,
    DnsLabel,
    DnsName,
    LabelKey,
    Labels,
    RuledModel,
)
from kompass_api.rules import EachKey, KeyedBy, Shape, cel_text, rule

_RESERVED: Final = (
    "^(job-name|controller-uid|([-a-z0-9.]*[-.])?(kubernetes[.]io|k8s[.]io|kompass[.]dev)/.*)$"
)
_TOPOLOGY: Final = "^kueue[.]x-k8s[.]io/podset-(required|preferred|unconstrained)-topology$"
_FIX: Final = (
    "keys of kubernetes.io, k8s.io and kompass.dev are reserved: use a prefix of your own, such "
    "as example.com/team"
)


def _is_free(key: str) -> bool:
    return re.fullmatch(_RESERVED, key) is None


def _is_topology(key: str) -> bool:
    return re.fullmatch(_TOPOLOGY, key) is not None


PodLabels = Annotated[Labels, EachKey(f"!key.matches({cel_text(_RESERVED)})", _FIX, _is_free)]

PodAnnotations = Annotated[
    dict[LabelKey, Annotated[str, Field(max_length=1024)]],
    Field(max_length=16),
    EachKey(
        f"size(key) <= 253 && {LABEL_KEY.cel('key')} && "
        f"(!key.matches({cel_text(_RESERVED)}) || key.matches({cel_text(_TOPOLOGY)}))",
        f"{_FIX}; of Kueue's, podset-required-topology and its like may be set",
        lambda key: _is_free(key) or _is_topology(key),
    ),
]


class ClaimVolume(ApiModel):
    """A PersistentVolumeClaim."""

    claim_name: Annotated[DnsName, Field(description="Claim in the run's namespace.")]
    read_only: Annotated[bool, Field(description="Mount it for reading only.")] = False


class ScratchVolume(ApiModel):
    """An empty folder that ends with the pod."""

    medium: Annotated[
        Literal["", "Memory"], Field(description="Empty: the node's disk. Memory counts as memory.")
    ] = ""
    size_limit: Annotated[
        Quantity | None, Field(description="Bytes it may hold, such as 50Gi.")
    ] = None


class CsiVolume(ApiModel):
    """A volume that a CSI driver makes for the pod."""

    driver: Annotated[DnsName, Field(description="Name of the driver.")]
    read_only: Annotated[bool, Field(description="Mount it for reading only.")] = False
    volume_attributes: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=128)],
            Annotated[str, Field(max_length=512)],
        ],
        Field(description="What the driver is told.", max_length=16),
    ] = {}


class Volume(RuledModel):
    """A volume and where the container sees it."""

    name: Annotated[
        Annotated[DnsLabel, Field(max_length=50)], Field(description="Name among the volumes.")
    ]
    mount_path: Annotated[
        str,
        Field(description="Folder in the container.", max_length=256),
        Shape(
            r"^/(cache|data|models|work/[A-Za-z0-9][A-Za-z0-9._-]*)(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
            "mountPath must be at or below /cache, /data or /models, or below /work, such as "
            "/work/huggingface",
        ),
    ]
    persistent_volume_claim: Annotated[
        ClaimVolume | None, Field(description="A PersistentVolumeClaim.")
    ] = None
    empty_dir: Annotated[
        ScratchVolume | None, Field(description="An empty folder that ends with the pod.")
    ] = None
    csi: Annotated[CsiVolume | None, Field(description="A volume of a CSI driver.")] = None

    @rule(
        "[has(self.persistentVolumeClaim), has(self.emptyDir), has(self.csi)]"
        ".filter(there, there).size() == 1",
        "a volume is one of persistentVolumeClaim, emptyDir and csi: set exactly one",
    )
    def _is_one_kind(self) -> bool:
        kinds = (self.persistent_volume_claim, self.empty_dir, self.csi)
        return sum(kind is not None for kind in kinds) == 1


class PodMarks(ApiModel):
    """Labels and annotations of pods, for whoever counts, bills or places them."""

    labels: Annotated[PodLabels, Field(description="More labels of the pods.")] = {}
    annotations: Annotated[PodAnnotations, Field(description="More annotations of the pods.")] = {}


class PodOverlay(RuledModel):
    """Marks of a pod, its shared memory and its volumes."""

    labels: Annotated[PodLabels, Field(description="More labels of the pods.")] = {}
    annotations: Annotated[PodAnnotations, Field(description="More annotations of the pods.")] = {}
    shared_memory: Annotated[
        Quantity | None,
        Field(
            description="Most bytes of /dev/shm, such as 16Gi; they count as the container's "
            "memory. Left out: as much as the container's memory."
        ),
    ] = None
    volumes: Annotated[
        list[Volume], Field(description="More volumes of the pods.", max_length=8), KeyedBy("name")
    ] = []

    @rule(
        "self.volumes.all(one, self.volumes.exists_one(other, other.mountPath == one.mountPath))",
        "two volumes have one mountPath: give each its own",
        field=".volumes",
    )
    def _folders_differ(self) -> bool:
        paths = [volume.mount_path for volume in self.volumes]
        return len(paths) == len(set(paths))
