"""The node: a process that holds namespaces of its own for processes, mounts and network.

Everything of a cluster runs inside. The kernel ends all of it, with every mount and link, when
this one process ends, whatever state it is in: that is what makes `down` complete.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .allocation import Network
from .commands import COMPONENT_PATH, output, succeeds
from .errors import NotReady
from .folders import NODE_CACHE, NODE_HOME, ClusterFolders, Folders

__all__ = ["enter", "find_node", "kill_node", "remove_link", "start_node"]

# kubelet sets these for the whole machine. It reads first, so a file of its own that already says
# what it wants leaves the machine as it was.
_KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}

_SETUP = f"""
set -eu
node=$1 images=$2 cache=$3 pause=$4 run=$1/run
mount -t tmpfs -o mode=755 tmpfs "$run"
mkdir -p "$run/kompass" "$run/cache" "$run/images" "$run/lock" "$run/netns"
mount --bind "$node" "$run/kompass"
mount --bind "$cache" "$run/cache"
mount --bind "$images" "$run/images"
mount --rbind "$run" /run
# Where kubelet and people look for containerd.
mkdir /run/containerd
ln -s "{NODE_HOME}/containerd/containerd.sock" /run/containerd/containerd.sock
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /var/log
for file in {" ".join(_KERNEL_SETTINGS)}; do
  if [ -e "/proc/sys/$file" ]; then mount --bind "{NODE_HOME}/kernel/$file" "/proc/sys/$file"; fi
done
ip link set lo up
exec "$pause" "$5"
"""


def start_node(folders: Folders, cluster: ClusterFolders, pause: Path, net: Network) -> int:
    """Start the node's first process, connect it to the machine, and return its process id."""
    for name in ("run", "logs", "etc", "pki", "kernel"):
        (cluster.node / name).mkdir(parents=True, exist_ok=True)
    for folder in (cluster.images, folders.registry):
        folder.mkdir(parents=True, exist_ok=True)
    for name, value in _KERNEL_SETTINGS.items():
        file = cluster.node / "kernel" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value + "\n")
    # By the node's own path: the other is gone by then if the cache lies below /var/lib.
    inside = NODE_CACHE / pause.relative_to(folders.cache)
    paths = [cluster.node, cluster.images, folders.cache, inside]
    argv = ["unshare", "--mount", "--pid", "--net", "--fork", "--propagation", "slave"]
    argv += ["--mount-proc", "sh", "-c", _SETUP, "node", *map(str, paths), _marker(cluster)]
    log = (cluster.logs / "node.log").open("ab")
    with log:
        started = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={"PATH": COMPONENT_PATH},
        )
    pid = _wait_for_node(cluster, started)
    _connect(pid, net)
    return pid


def find_node(cluster: ClusterFolders) -> int | None:
    """Return the process id of a cluster's first process, if the cluster is up."""
    for pid in _marked(cluster):
        if _is_pause(pid) and _is_first_process(pid):
            return pid
    return None


def enter(node: int, argv: Sequence[str]) -> list[str]:
    """Return the command that runs a command inside the node."""
    return ["nsenter", f"--target={node}", "--mount", "--net", "--pid", "--", *argv]


def kill_node(cluster: ClusterFolders, *, timeout_seconds: float = 30.0) -> None:
    """Kill the node's first process, and with it all others, and wait until they are gone."""
    deadline = time.monotonic() + timeout_seconds
    while marked := _marked(cluster):
        first = find_node(cluster)
        for pid in marked if first is None else [first]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise NotReady(f"processes {marked} of cluster {cluster.name} do not end")
        time.sleep(0.02)


def remove_link(net: Network) -> None:
    """Remove the machine's end of the wire, if the kernel has not done so already."""
    if Path(f"/sys/class/net/{net.link}").exists():
        succeeds(["ip", "link", "delete", net.link])


def _connect(pid: int, net: Network) -> None:
    remove_link(net)
    peer = ["type", "veth", "peer", "name", "eth0", "netns", str(pid)]
    output(["ip", "link", "add", net.link, *peer])
    output(["ip", "address", "add", f"{net.host}/{net.prefix}", "dev", net.link])
    output(["ip", "link", "set", net.link, "up"])
    # There is no way out; without this route a pod would learn that by waiting for an answer.
    inside = (
        f"ip address add {net.node}/{net.prefix} dev eth0 && ip link set eth0 up"
        " && ip route add unreachable default"
    )
    output(enter(pid, ["sh", "-c", inside]))


def _wait_for_node(cluster: ClusterFolders, started: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and started.poll() is None:
        pid = find_node(cluster)
        if pid is not None:
            return pid
        time.sleep(0.02)
    said = (cluster.logs / "node.log").read_text(errors="replace")[-1000:]
    raise NotReady(f"the node's first process did not start: {said}")


def _marker(cluster: ClusterFolders) -> str:
    return f"kompass-node={cluster.node}"


def _marked(cluster: ClusterFolders) -> list[int]:
    """Find by command line, which no crash can make stale as it can a file of process ids."""
    marker = _marker(cluster)
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if marker in _argv(pid)]


def _argv(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _is_pause(pid: int) -> bool:
    return any(part.endswith("/pause") for part in _argv(pid)[:1])


def _is_first_process(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    # The label, its number here, and its number in each namespace below.
    return numbers[2:] != [] and numbers[-1] == "1"
