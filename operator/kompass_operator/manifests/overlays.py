"""What an overlay adds to a pod: where it may run, its marks, its shared memory and volumes. Pure.

Nothing here can add a container, a folder of the node, its network or a privilege.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kompass_api.placement import PRODUCT_LABEL, Gpu, Placement
from kompass_api.podoverlay import PodMarks, PodOverlay, Volume
from kompass_operator.cluster import Manifest

_PREFIX: Final = "own-"
"""Before the names of volumes that people add, so that none is one of Kompass' own."""


def placement_fields(placement: Placement, gpu: Gpu | None, spread: Mapping[str, str]) -> Manifest:
    """The fields of a pod that say where it may run; `spread` are the labels of its siblings."""
    found = _without_empties(placement.model_dump(mode="json", by_alias=True, exclude_none=True))
    if gpu is not None and gpu.product is not None:
        found["nodeSelector"] = {**found.get("nodeSelector", {}), PRODUCT_LABEL: gpu.product}
    constraints = found.pop("topologySpreadConstraints", [])
    if constraints:
        siblings = {"labelSelector": {"matchLabels": dict(spread)}}
        found["topologySpreadConstraints"] = [{**one, **siblings} for one in constraints]
    return found


def pod_metadata(own: Mapping[str, str], *marks: PodMarks | PodOverlay) -> Manifest:
    """Labels and annotations of a pod: those of the marks, the last word being Kompass'."""
    labels = {key: value for mark in marks for key, value in mark.labels.items()}
    annotations = {key: value for mark in marks for key, value in mark.annotations.items()}
    found: Manifest = {"labels": {**labels, **own}}
    return {**found, "annotations": annotations} if annotations else found


def shared_memory(overlay: PodOverlay | None) -> Manifest:
    """The volume at /dev/shm."""
    limit = overlay.shared_memory if overlay is not None else None
    size = {"sizeLimit": limit} if limit is not None else {}
    return {"name": "shm", "emptyDir": {"medium": "Memory", **size}}


def volumes(overlay: PodOverlay | None) -> list[Manifest]:
    """The volumes that people add."""
    return [_volume(held) for held in overlay.volumes] if overlay is not None else []


def mounts(overlay: PodOverlay | None) -> list[Manifest]:
    """Where the container sees them."""
    if overlay is None:
        return []
    return [
        {
            "name": f"{_PREFIX}{held.name}",
            "mountPath": held.mount_path,
            **({"readOnly": True} if _is_read_only(held) else {}),
        }
        for held in overlay.volumes
    ]


def _volume(held: Volume) -> Manifest:
    source = held.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"name", "mount_path"}
    )
    kind, fields = next(iter(source.items()))
    kept = _without_empties(fields)
    return {"name": f"{_PREFIX}{held.name}", kind: kept}


def _is_read_only(held: Volume) -> bool:
    sources = (held.persistent_volume_claim, held.csi)
    return any(source is not None and source.read_only for source in sources)


def _without_empties(found: Mapping[str, Any]) -> Manifest:
    """The fields that say something; an empty list or text says as much as none."""
    return {
        key: _without_empties(value) if isinstance(value, dict) else value
        for key, value in found.items()
        if value not in ({}, [], "", None, False)
    }
