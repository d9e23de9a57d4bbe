"""What a cluster looks like from outside: its processes, its node, its folders."""

from __future__ import annotations

from .allocation import allocated
from .api import Api
from .commands import output
from .components import COMPONENTS
from .errors import CommandFailed
from .folders import ClusterFolders, Folders
from .node import find_node
from .processes import running

__all__ = ["status_table"]


def status_table(folders: Folders, cluster: ClusterFolders) -> tuple[bool, str]:
    """Return whether the node is ready and every component runs, and a table for a person."""
    node = find_node(cluster)
    net = allocated(folders.state, cluster.name)
    if node is None or net is None:
        return False, f"cluster {cluster.name}: down"
    pids = running(node)
    rows = [f"{'node':<24} {'up':<6} {node}"]
    for name in COMPONENTS:
        pid = pids.get(name)
        rows.append(f"{name:<24} {'up' if pid else 'DOWN':<6} {pid or ''}".rstrip())
    ready, gpus = _node_state(Api(cluster, net), cluster.name)
    rows += [
        f"{'node Ready':<24} {ready}",
        f"{'graphics cards (fake)':<24} {gpus}",
        f"{'API server':<24} https://{net.node}:6443",
        f"{'registry, from here':<24} {net.node}:5000",
        f"{'registry, from pods':<24} localhost:5000",
        f"{'KUBECONFIG':<24} {cluster.kubeconfig}",
        f"{'logs':<24} {cluster.logs}",
        f"{'disk: this cluster':<24} {_size(cluster.root)}",
        f"{'disk: cache':<24} {_size(folders.cache)}",
    ]
    return ready == "True" and all(name in pids for name in COMPONENTS), "\n".join(rows)


def _node_state(api: Api, name: str) -> tuple[str, str]:
    found = api.get(f"/api/v1/nodes/{name}")
    if found is None:
        return "unknown (the API server does not answer)", "unknown"
    conditions = {item["type"]: item["status"] for item in found["status"].get("conditions", [])}
    gpus = found["status"].get("allocatable", {}).get("nvidia.com/gpu", "0")
    return conditions.get("Ready", "unknown"), gpus


def _size(folder: object) -> str:
    try:
        return output(["du", "--summarize", "--human-readable", str(folder)]).split()[0]
    except CommandFailed as error:
        # Files come and go while they are counted; the sum is printed all the same.
        return "unknown" if error.code != 1 else "changing"
