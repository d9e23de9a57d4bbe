"""Install the chart on a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from clusters import ROOT, Cluster
from images import Images

RELEASE: Final = "kompass"
NAMESPACE: Final = "kompass"
CHART: Final = ROOT / "helm" / "kompass"

Values = Mapping[str, object]


def image_values(images: Images) -> dict[str, object]:
    """The chart's values for these images, with the embedded S3 server switched on."""
    embedded: dict[str, object] = {"enabled": True}
    if images.s3 is not None:
        embedded["image"] = images.s3.reference
    if images.python is not None:
        embedded["bucketImage"] = images.python.reference
    return {
        "image": {"repository": images.operator.repository, "tag": images.operator.tag},
        "worker": {
            "image": {"repository": images.worker.repository, "tag": images.worker.tag},
        },
        "objectStorage": {"embedded": embedded},
    }


def install(
    cluster: Cluster,
    values: Values,
    *,
    release: str = RELEASE,
    namespace: str = NAMESPACE,
    timeout: str = "5m",
) -> None:
    """Install or upgrade the release and wait until its pods are ready."""
    _finish_what_was_cut_off(cluster, release, namespace)
    cluster.run(
        *("helm", "upgrade", "--install", release, str(CHART)),
        *("--namespace", namespace, "--create-namespace"),
        *("--values", "-", "--wait", "--timeout", timeout),
        text=json.dumps(values),
    )


def _finish_what_was_cut_off(cluster: Cluster, release: str, namespace: str) -> None:
    """A killed helm leaves a release that it then takes for busy for ever."""
    listed = json.loads(
        cluster.run("helm", "list", "--pending", "--namespace", namespace, "--output", "json")
    )
    states = [one["status"] for one in listed if one["name"] == release]
    if states == ["pending-install"]:
        cluster.run("helm", "uninstall", release, "--namespace", namespace, "--wait")
    elif states:
        cluster.run("helm", "rollback", release, "--namespace", namespace)
