"""The verbs of the command line: results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from .tools import build_extra, build_tools, tools_folder

__all__ = ["main"]


@dataclass(frozen=True)
class _Call:
    """A verb's cluster and options."""

    folders: Folders
    cluster: ClusterFolders
    options: argparse.Namespace

    def running(self) -> tuple[int, Network]:
        """Return the first process and the network of a cluster that has to be up."""
        node, net = find_node(self.cluster), allocated(self.folders.state, self.cluster.name)
        if node is None or net is None:
            name = self.cluster.name
            raise NotRunning(f"cluster {name} is down; `up --name {name}` starts it")
        return node, net


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    options = parser().parse_args(arguments)
    folders = Folders.from_environment()
    try:
        cluster = cluster_folders(folders, options.name)
        return _VERBS[options.verb](_Call(folders, cluster, options))
    except DevClusterError as error:
        say(f"error: {error}")
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone (`| head`); without this Python complains once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        say("stopped: `up` goes on from here, `down` removes what has been started")
        return 130


def _may_install(options: argparse.Namespace) -> bool:
    return bool(options.install) or os.environ.get("KOMPASS_DEVCLUSTER_INSTALL") == "1"


def _up(call: _Call) -> int:
    up(call.folders, call.cluster, gpus=call.options.gpus, install=_may_install(call.options))
    verb = "PYTHONPATH=devcluster python3 -m kompass_devcluster env"
    named = "" if call.cluster.name == "kompass" else f" --name {call.cluster.name}"
    say(f'cluster {call.cluster.name} is up. For kubectl and helm:  eval "$({verb}{named})"')
    print(call.cluster.kubeconfig)
    return 0


def _down(call: _Call) -> int:
    down(call.folders, call.cluster, purge=call.options.purge)
    return 0


def _status(call: _Call) -> int:
    healthy, table = status_table(call.folders, call.cluster)
    print(table)
    return 0 if healthy else NotRunning.exit_code


def _env(call: _Call) -> int:
    _, net = call.running()
    print(f"export KUBECONFIG={shlex.quote(str(call.cluster.kubeconfig))}")
    print(f'export PATH={shlex.quote(str(tools_folder(call.folders)))}:"$PATH"')
    for name in ("NO_PROXY", "no_proxy"):
        print(f'export {name}="{net.node}${{{name}:+,${name}}}"')
    return 0


def _doctor(call: _Call) -> int:
    if _may_install(call.options):
        ensure(call.folders, install=True)
    return check(call.folders)


def _tools(call: _Call) -> int:
    print(build_tools(call.folders))
    return 0


def _extra(call: _Call) -> int:
    print(build_extra(call.folders, call.options.program))
    return 0


def _build(call: _Call) -> int:
    tag = call.options.tag if ":" in call.options.tag else f"{call.options.tag}:latest"
    context = call.options.context or call.options.file.parent
    build_image(call.folders, Build(call.options.file, tag, context, call.options.build_arg))
    return _push_if_up(call, tag)


def _base_image(call: _Call) -> int:
    build_base_image(call.folders)
    return _push_if_up(call, BASE_TAG)


def _seaweedfs_image(call: _Call) -> int:
    build_seaweedfs_image(call.folders)
    return _push_if_up(call, SEAWEEDFS_TAG)


def _push_if_up(call: _Call, tag: str) -> int:
    net = allocated(call.folders.state, call.cluster.name)
    if net is None or find_node(call.cluster) is None:
        say(f"cluster {call.cluster.name} is down: {tag} was built, not pushed")
        return 0
    print(push_image(call.folders, net, tag))
    return 0


def _logs(call: _Call) -> int:
    names = [call.options.component] if call.options.component else COMPONENTS
    logs = [cluster_log(call.cluster, name) for name in names]
    files = [str(log) for log in logs if log.exists()]
    if not files:
        raise NotRunning(f"cluster {call.cluster.name} has no logs of {', '.join(names)}")
    follow = ["--follow"] if call.options.follow else []
    argv = ["tail", f"--lines={call.options.lines}", *follow, *files]
    return subprocess.run(argv, check=False).returncode


def _restart(call: _Call) -> int:
    restart(call.folders, call.cluster, call.options.component)
    return 0


def _exec(call: _Call) -> int:
    node, _ = call.running()
    argv = call.options.command
    argv = argv[1:] if argv[:1] == ["--"] else argv
    return subprocess.run(enter(node, argv or ["bash"]), check=False).returncode


_VERBS: dict[str, Callable[[_Call], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "doctor": _doctor,
    "tools": _tools,
    "extra": _extra,
    "build": _build,
    "base-image": _base_image,
    "seaweedfs-image": _seaweedfs_image,
    "logs": _logs,
    "restart": _restart,
    "exec": _exec,
}
