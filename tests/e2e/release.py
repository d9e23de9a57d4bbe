"""The release that the end-to-end tests install, and how they find its parts."""

from __future__ import annotations

from chart import NAMESPACE, image_values
from images import Images

__all__ = ["NAMESPACE", "OPERATOR_LABEL", "STORAGE_ENDPOINT", "STORAGE_SECRET", "STORAGE_SERVICE"]

OPERATOR_LABEL = "app.kubernetes.io/component=operator"
STORAGE_SERVICE = "kompass-s3"
STORAGE_SECRET = "kompass-s3"
STORAGE_ENDPOINT = f"http://{STORAGE_SERVICE}.{NAMESPACE}.svc:8333"

PATIENCE = {
    # What a person would wait five minutes for, a test waits seconds for.
    "KOMPASS_REFERENCE_GRACE_SECONDS": "20",
    "KOMPASS_POD_GRACE_SECONDS": "20",
    "KOMPASS_POD_CHECK_SECONDS": "5",
}
WORKER = {
    # Small parts, so that a shard that is disturbed has something to go on from.
    "KOMPASS_PART_ITEMS": "16",
    "KOMPASS_PREFLIGHT_PATIENCE_SECONDS": "20",
}


def values(images: Images) -> dict[str, object]:
    """The chart's values: as `make demo` has them, with less patience."""
    return {
        **image_values(images),
        "worker": {**image_values(images)["worker"], "env": WORKER},  # type: ignore[dict-item]
        "extraEnv": [{"name": name, "value": value} for name, value in PATIENCE.items()],
    }
