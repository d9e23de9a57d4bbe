"""The verbs of the command line: results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from collections.abc import Callable, Sequence

from .allocation import Network, allocated
from .arguments import parser
from .base_images import BASE_TAG, SEAWEEDFS_TAG, build_base_image, build_seaweedfs_image
from .components import COMPONENTS
from .console import say
from .doctor import check, ensure
from .errors import DevClusterError, NotRunning
from .folders import ClusterFolders, Folders, cluster_folders
from .images import Build, build_image, push_image
from .lifecycle import down, restart, up
from .node import enter, find_node
from .processes import cluster_log
from .status import status_table
from .tools import build_tools, tools_folder

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    options = parser().parse_args(arguments)
    folders = Folders.from_environment()
    try:
        return _VERBS[options.verb](folders, cluster_folders(folders, options.name), options)
    except DevClusterError as error:
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("stopped: `up` goes on from here, `down` removes what has been started")
        return 130


def _may_install(options: argparse.Namespace) -> bool:
    return bool(options.install) or os.environ.get("KOMPASS_DEVCLUSTER_INSTALL") == "1"


def _running(folders: Folders, cluster: ClusterFolders) -> tuple[int, Network]:
    node, net = find_node(cluster), allocated(folders.state, cluster.name)
    if node is None or net is None:
        raise NotRunning(f"cluster {cluster.name} is down; `up --name {cluster.name}` starts it")
    return node, net


def _up(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    up(folders, cluster, gpus=options.gpus, install=_may_install(options))
    verb = "PYTHONPATH=devcluster python3 -m kompass_devcluster env"
    named = "" if cluster.name == "kompass" else f" --name {cluster.name}"
    say(f"cluster {cluster.name} is up. For kubectl and helm:  eval \"$({verb}{named})\"")
    print(cluster.kubeconfig)
    return 0


def _down(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    down(folders, cluster, purge=options.purge)
    return 0


def _status(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    healthy, table = status_table(folders, cluster)
    print(table)
    return 0 if healthy else NotRunning.exit_code


def _env(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    _, net = _running(folders, cluster)
    print(f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}")
    print(f'export PATH={shlex.quote(str(tools_folder(folders)))}:"$PATH"')
    for name in ("NO_PROXY", "no_proxy"):
        print(f'export {name}="{net.node}${{{name}:+,${name}}}"')
    return 0


def _doctor(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    if _may_install(options):
        ensure(folders, install=True)
    return check(folders)


def _tools(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    print(build_tools(folders))
    return 0


def _build(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    _, net = _running(folders, cluster)
    tag = options.tag if ":" in options.tag else f"{options.tag}:latest"
    context = options.context or options.file.parent
    build_image(folders, Build(options.file, tag, context, options.build_arg))
    print(push_image(folders, net, tag))
    return 0


def _base_image(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    build_base_image(folders)
    return _push_if_up(folders, cluster, BASE_TAG)


def _seaweedfs_image(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    build_seaweedfs_image(folders)
    return _push_if_up(folders, cluster, SEAWEEDFS_TAG)


def _push_if_up(folders: Folders, cluster: ClusterFolders, tag: str) -> int:
    net = allocated(folders.state, cluster.name)
    if net is None or find_node(cluster) is None:
        say(f"cluster {cluster.name} is down: {tag} was built, not pushed")
        return 0
    print(push_image(folders, net, tag))
    return 0


def _logs(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    names = [options.component] if options.component else COMPONENTS
    files = [str(file) for file in (cluster_log(cluster, name) for name in names) if file.exists()]
    if not files:
        raise NotRunning(f"cluster {cluster.name} has no logs of {', '.join(names)}")
    follow = ["--follow"] if options.follow else []
    return subprocess.run(["tail", f"--lines={options.lines}", *follow, *files], check=False).returncode


def _restart(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    restart(folders, cluster, options.component)
    return 0


def _exec(folders: Folders, cluster: ClusterFolders, options: argparse.Namespace) -> int:
    node, _ = _running(folders, cluster)
    argv = [part for part in options.command if part != "--"] or ["bash"]
    return subprocess.run(enter(node, argv), check=False).returncode


_VERBS: dict[str, Callable[[Folders, ClusterFolders, argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "doctor": _doctor,
    "tools": _tools,
    "build": _build,
    "base-image": _base_image,
    "seaweedfs-image": _seaweedfs_image,
    "logs": _logs,
    "restart": _restart,
    "exec": _exec,
}
