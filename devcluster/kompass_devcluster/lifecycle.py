"""Bringing a cluster up, whatever state it is in, and taking it down without a trace."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .allocation import Network, allocated, claim, locked, release
from .api import Api, fetch_ok
from .cgroups import create_cgroups, kill_cgroups, remove_cgroups
from .certificates import create_certificates
from .components import Component, components
from .configs import NodeFacts, config_files, portable_kubeconfig
from .console import step
from .dns import dns_objects
from .doctor import cni_plugins, ensure
from .errors import DevClusterError, NotRunning
from .folders import NODE_CACHE, ClusterFolders, Folders
from .node import find_node, kill_node, remove_link, start_node
from .processes import (
    cluster_log,
    is_listening,
    running,
    start_process,
    stop_process,
    wait_until,
)
from .runtime import forget_containers, import_pause, wait_for_containerd
from .tools import build_tools

__all__ = ["down", "restart", "up"]

# kubelet renews its lease every ten seconds.
_FRESH = timedelta(seconds=15)


@dataclass(frozen=True)
class _Node:
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


def up(folders: Folders, cluster: ClusterFolders, *, gpus: int, install: bool) -> None:
    """Start what does not run, and return when the node takes pods."""
    ensure(folders, install=install)
    tools = build_tools(folders)
    with locked(folders.state / "locks" / cluster.name):
        net = claim(folders.state, cluster.name)
        pid = find_node(cluster)
        if pid is None:
            with step("node: namespaces, keys and configuration"):
                _sweep(cluster, net)
                pid = _prepare(folders, cluster, net, tools)
        cluster.gpu_count.write_text(f"{gpus}\n")
        _start_all(_node(folders, cluster, net, pid), gpus)


def down(folders: Folders, cluster: ClusterFolders, *, purge: bool) -> None:
    """End everything of the cluster; its image store is kept unless it is to be purged."""
    with locked(folders.state / "locks" / cluster.name):
        net = allocated(folders.state, cluster.name)
        with step(f"cluster {cluster.name} is down"):
            _sweep(cluster, net)
            release(folders.state, cluster.name)
            if purge:
                shutil.rmtree(cluster.root, ignore_errors=True)


def restart(folders: Folders, cluster: ClusterFolders, name: str) -> None:
    """Stop one component and start it again."""
    net = allocated(folders.state, cluster.name)
    pid = find_node(cluster)
    if net is None or pid is None:
        raise NotRunning(f"cluster {cluster.name} is down: start it with `up`")
    node = _node(folders, cluster, net, pid)
    if name not in node.table:
        raise DevClusterError(f"no component {name!r}; there are: {', '.join(node.table)}")
    with step(f"restarted {name}"):
        stop_process(pid, name)
        node.start(name)


def _sweep(cluster: ClusterFolders, net: Network | None) -> None:
    kill_node(cluster)
    kill_cgroups(cluster.name)
    left = remove_cgroups(cluster.name)
    if net is not None:
        remove_link(net)
    if cluster.node.exists():
        shutil.rmtree(cluster.node)
    if left:
        raise DevClusterError(f"cgroups that would not go: {', '.join(map(str, left))}")


def _facts(cluster: ClusterFolders, net: Network) -> NodeFacts:
    return NodeFacts(cluster.name, net, cni_plugins() or "")


def _node(folders: Folders, cluster: ClusterFolders, net: Network, pid: int) -> _Node:
    tools = build_tools(folders)
    table = components(_facts(cluster, net), NODE_CACHE / tools.relative_to(folders.cache))
    return _Node(pid, tools, cluster, net, Api(cluster, net), table)


def _prepare(folders: Folders, cluster: ClusterFolders, net: Network, tools: Path) -> int:
    create_certificates(cluster, net)
    for name, text in config_files(_facts(cluster, net)).items():
        file = cluster.configs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    pki = cluster.pki
    cluster.kubeconfig.touch(mode=0o600)
    cluster.kubeconfig.write_text(
        portable_kubeconfig(
            f"https://{net.node}:6443",
            (pki / "ca.crt").read_bytes(),
            (pki / "admin.crt").read_bytes(),
            (pki / "admin.key").read_bytes(),
        )
    )
    create_cgroups(cluster.name)
    return start_node(folders, cluster, tools / "pause", net)


def _start_all(node: _Node, gpus: int) -> None:
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


def _start_runtime(node: _Node) -> None:
    with step("node: containerd takes images"):
        if "containerd" not in running(node.pid):
            forget_containers(node.pid, node.cluster)
            node.start("containerd")
        wait_for_containerd(node.cluster)
        import_pause(node.pid, node.tools / "pause")


def _start_registry(node: _Node) -> None:
    with step("node: registry answers"):
        node.start("docker-registry")
        node.wait("docker-registry", lambda: fetch_ok(f"http://{node.net.node}:5000/v2/"))


def _start_control_plane(node: _Node) -> None:
    with step("control plane: API server is ready"):
        node.start("etcd")
        node.wait("etcd", lambda: is_listening(node.pid, 2379))
        node.start("kube-apiserver")
        node.wait("kube-apiserver", node.api.is_ready)
        for path, document in dns_objects(node.net).items():
            node.api.apply(path, document)
        node.start("kube-controller-manager")
        node.start("kube-scheduler")


def _is_node_ready(node: _Node, since: datetime) -> bool:
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


def _offered_gpus(node: _Node) -> int:
    found = node.api.get(f"/api/v1/nodes/{node.cluster.name}")
    if found is None:
        return -1
    return int(found["status"].get("allocatable", {}).get("nvidia.com/gpu", "0"))
