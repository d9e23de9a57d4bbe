"""Bringing a cluster up, whatever state it is in, and taking it down without a trace."""

from __future__ import annotations

import shutil
from pathlib import Path

from .allocation import Network, allocated, claim, locked, release
from .certificates import create_certificates
from .cgroups import kill_cgroups, remove_cgroups
from .configs import NodeFacts, config_files, portable_kubeconfig
from .console import step
from .doctor import cni_plugins, ensure
from .errors import DevClusterError, NotRunning
from .folders import ClusterFolders, Folders
from .node import find_node, kill_node, remove_link, start_node
from .processes import stop_process
from .startup import node_of, start_all
from .tools import build_tools

__all__ = ["down", "restart", "up"]

_GPUS = 4


def up(folders: Folders, cluster: ClusterFolders, *, gpus: int | None, install: bool) -> None:
    """Start what does not run, and return when the node takes pods.

    Without a number of graphics cards those of a running cluster stay as they are.
    """
    ensure(folders, install=install)
    tools = build_tools(folders)
    with locked(folders.state / "locks" / cluster.name):
        net, pid = allocated(folders.state, cluster.name), find_node(cluster)
        if net is None or pid is None or not cluster.prepared.exists():
            with step("node: namespaces, keys and configuration"):
                _sweep(folders, cluster)
                net = claim(folders.state, cluster.name)
                pid = _prepare(folders, cluster, net, tools)
        offered = _write_gpus(cluster, gpus)
        start_all(node_of(folders, _facts(cluster, net), cluster, pid), offered)


def down(folders: Folders, cluster: ClusterFolders, *, purge: bool) -> None:
    """End everything of the cluster; its image store is kept unless it is to be purged."""
    lock = locked(folders.state / "locks" / cluster.name)
    with lock, step(f"cluster {cluster.name} is down"):
        _sweep(folders, cluster)
        if purge:
            shutil.rmtree(cluster.root, ignore_errors=True)


def restart(folders: Folders, cluster: ClusterFolders, name: str) -> None:
    """Stop one component and start it again."""
    with locked(folders.state / "locks" / cluster.name):
        net, pid = allocated(folders.state, cluster.name), find_node(cluster)
        if net is None or pid is None:
            raise NotRunning(f"cluster {cluster.name} is down: start it with `up`")
        node = node_of(folders, _facts(cluster, net), cluster, pid)
        with step(f"restarted {name}"):
            stop_process(pid, name)
            node.start(name)


def _sweep(folders: Folders, cluster: ClusterFolders) -> None:
    kill_node(cluster)
    net = allocated(folders.state, cluster.name)
    if net is not None:
        kill_cgroups(net.link)
        left = remove_cgroups(net.link)
        if left:
            raise DevClusterError(f"cgroups that would not go: {', '.join(map(str, left))}")
        remove_link(net)
    if cluster.node.exists():
        shutil.rmtree(cluster.node)
    # Last: as long as anything is left, the number that leads to it is kept.
    release(folders.state, cluster.name)


def _facts(cluster: ClusterFolders, net: Network) -> NodeFacts:
    return NodeFacts(cluster.name, net, cni_plugins() or "")


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
    pid = start_node(folders, cluster, tools / "pause", net)
    cluster.prepared.touch()
    return pid


def _write_gpus(cluster: ClusterFolders, wanted: int | None) -> int:
    if wanted is None:
        held = cluster.gpu_count.read_text() if cluster.gpu_count.exists() else ""
        wanted = int(held) if held.strip() else _GPUS
    cluster.gpu_count.write_text(f"{wanted}\n")
    return wanted
