"""containerd inside the node: what the last node left in its store, and the pause image."""

from __future__ import annotations

import shutil
from pathlib import Path

from .commands import output
from .configs import PAUSE_IMAGE
from .folders import NODE_HOME, ClusterFolders
from .node import enter
from .pause_image import pause_archive
from .processes import cluster_log, is_socket, start_process, stop_process, wait_until

__all__ = ["forget_containers", "import_pause", "wait_for_containerd"]

_SOCKET = NODE_HOME / "containerd" / "containerd.sock"
_SANDBOXES = "io.containerd.grpc.v1.cri/sandboxes"


def forget_containers(node: int, cluster: ClusterFolders) -> None:
    """Drop the containers that the last node's store still lists; images stay.

    Without this the new kubelet finds pods it knows nothing of, and busies itself with them first.
    """
    stop_process(node, "containerd")
    sandboxes = cluster.images / _SANDBOXES
    if not sandboxes.exists() or not any(sandboxes.iterdir()):
        return
    text = (cluster.configs / "containerd.toml").read_text()
    bare = text.replace(
        "version = 2", 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]'
    )
    (cluster.configs / "containerd-bare.toml").write_text(bare)
    argv = ["containerd", f"--config={NODE_HOME}/etc/containerd-bare.toml"]
    start_process(node, "containerd", argv)
    wait_for_containerd(cluster)
    containers = _ctr(node, ["containers", "list", "--quiet"]).split()
    if containers:
        _ctr(node, ["containers", "remove", *containers])
    stop_process(node, "containerd")
    for kind in ("sandboxes", "containers"):
        shutil.rmtree(cluster.images / "io.containerd.grpc.v1.cri" / kind, ignore_errors=True)


def import_pause(node: int, program: Path) -> None:
    """Put the pause image into the image store."""
    _ctr(node, ["images", "import", "-"], given=pause_archive(program, PAUSE_IMAGE))


def wait_for_containerd(cluster: ClusterFolders) -> None:
    """Wait for the socket: kubelet ends at once where it is absent."""
    wait_until(
        lambda: is_socket(cluster.containerd_socket),
        "containerd",
        log=cluster_log(cluster, "containerd"),
    )


def _ctr(node: int, arguments: list[str], given: bytes | None = None) -> str:
    ctr = ["ctr", f"--address={_SOCKET}", "--namespace=k8s.io"]
    return output(enter(node, [*ctr, *arguments]), given=given)
