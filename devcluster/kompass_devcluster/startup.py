"""Starting the components of a node in their order, and waiting until each does its work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .allocation import Network
from .api import Api, fetch_ok
from .components import Component, components
from .configs import NodeFacts
from .console import step
from .dns import dns_objects
from .folders import NODE_CACHE, ClusterFolders, Folders
from .processes import cluster_log, is_listening, running, start_process, wait_until
from .runtime import forget_containers, import_pause, wait_for_containerd
from .tools import tools_folder

__all__ = ["Node", "node_of", "start_all"]

# kubelet renews its lease every ten seconds.
_FRESH = timedelta(seconds=15)


@dataclass(frozen=True)
class Node:
    """A node that exists, with what is needed to start and ask its components."""

    pid: int
    tools: Path
    cluster: ClusterFolders
    net: Network
    api: Api
    table: dict[str, Component]

    def start(self, name: str) -> bool:
        """Start a component unless it runs; say whether it was started."""
        if name in running(self.pid):
            return False
        start_process(self.pid, name, self.table[name].argv)
        return True

    def wait(self, name: str, ready: Callable[[], bool], *, timeout_seconds: float = 60) -> None:
        """Wait for a component that has been started."""
        wait_until(
            ready,
            name,
            timeout_seconds=timeout_seconds,
            alive=lambda: name in running(self.pid),
            log=cluster_log(self.cluster, name),
        )


def node_of(folders: Folders, facts: NodeFacts, cluster: ClusterFolders, pid: int) -> Node:
    """Return the node whose first process that is; its programs have been built."""
    tools = tools_folder(folders)
    table = components(facts, NODE_CACHE / tools.relative_to(folders.cache))
    return Node(pid, tools, cluster, facts.net, Api(cluster, facts.net), table)


def start_all(node: Node, gpus: int) -> None:
    """Start what does not run, and return when the node takes pods."""
    started = datetime.now(UTC)
    with ThreadPoolExecutor(max_workers=2) as pool:
        runtime = pool.submit(_start_runtime, node)
        registry = pool.submit(_start_registry, node)
        _start_control_plane(node)
        runtime.result()
        registry.result()
    with step("node: kubelet is ready"):
        kubelet_is_new = node.start("kubelet")
        for name in ("kube-proxy", "coredns", "fakegpu"):
            node.start(name)
        since = started if kubelet_is_new else started - _FRESH
        node.wait("kubelet", lambda: _is_node_ready(node, since))
    with step(f"node: CoreDNS answers, {gpus} graphics cards are offered"):
        node.wait("coredns", lambda: fetch_ok(f"http://{node.net.node}:8181/ready"))
        node.wait("fakegpu", lambda: _offered_gpus(node) == gpus)
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        node.wait("kube-controller-manager", lambda: node.api.get(account) is not None)


def _start_runtime(node: Node) -> None:
    with step("node: containerd takes images"):
        if not node.cluster.store_checked.exists():
            forget_containers(node.pid, node.cluster)
            node.cluster.store_checked.touch()
        node.start("containerd")
        wait_for_containerd(node.cluster)
        import_pause(node.pid, node.tools / "pause")


def _start_registry(node: Node) -> None:
    with step("node: registry answers"):
        node.start("docker-registry")
        node.wait("docker-registry", lambda: fetch_ok(f"http://{node.net.node}:5000/v2/"))


def _start_control_plane(node: Node) -> None:
    with step("control plane: API server is ready"):
        node.start("etcd")
        node.wait("etcd", lambda: is_listening(node.pid, 2379))
        node.start("kube-apiserver")
        node.wait("kube-apiserver", node.api.is_ready)
        for path, document in dns_objects(node.net).items():
            node.api.apply(path, document)
        node.start("kube-controller-manager")
        node.start("kube-scheduler")


def _is_node_ready(node: Node, since: datetime) -> bool:
    """A Ready condition may be an old one: heartbeat and lease say whether kubelet is there now."""
    name = node.cluster.name
    found = node.api.get(f"/api/v1/nodes/{name}")
    lease = node.api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
    if found is None:
        return False
    conditions = {item["type"]: item for item in found["status"].get("conditions", [])}
    if "Ready" not in conditions or conditions["Ready"]["status"] != "True":
        return False
    signs = [conditions["Ready"]["lastHeartbeatTime"]]
    if lease is not None:
        signs.append(lease["spec"]["renewTime"])
    # Heartbeats have whole seconds.
    return max(map(datetime.fromisoformat, signs)) >= since.replace(microsecond=0)


def _offered_gpus(node: Node) -> int:
    found = node.api.get(f"/api/v1/nodes/{node.cluster.name}")
    if found is None:
        return -1
    return int(found["status"].get("allocatable", {}).get("nvidia.com/gpu", "0"))
