"""How a child says whose it is: deletion of the run removes it, without finalizers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kompass_api.resources import API_VERSION, ObjectMeta
from kompass_operator.cluster import Manifest


def owner_reference(run: ObjectMeta) -> Manifest:
    """The reference from a child to its run."""
    return {
        "apiVersion": API_VERSION,
        "kind": "EvalRun",
        "name": run.name,
        "uid": run.uid,
        "controller": True,
        # True would need the right to update evalruns/finalizers.
        "blockOwnerDeletion": False,
    }


def owner_uid(manifest: Mapping[str, Any]) -> str:
    """UID of the controller of an object; empty where it has none."""
    references = manifest.get("metadata", {}).get("ownerReferences") or []
    return next((str(held["uid"]) for held in references if held.get("controller")), "")
