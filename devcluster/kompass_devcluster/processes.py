"""Starting, finding and stopping the processes of a node."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .commands import COMPONENT_PATH, output
from .errors import NotReady
from .folders import NODE_HOME, ClusterFolders
from .node import enter

__all__ = [
    "cluster_log",
    "is_listening",
    "is_socket",
    "log_tail",
    "running",
    "start_process",
    "stop_process",
    "wait_until",
]


def start_process(node: int, name: str, argv: Sequence[str]) -> None:
    """Start a process that outlives this one; its log is appended to a file of its name."""
    environment = ["env", "-i", f"PATH={COMPONENT_PATH}", "HOME=/root"]
    script = f'exec "$@" >>{NODE_HOME}/logs/{name}.log 2>&1 </dev/null'
    output(
        enter(node, [*environment, "setsid", "--fork", "sh", "-c", script, "sh", *argv]),
    )


def running(node: int) -> dict[str, int]:
    """Return the node's own processes, program name to process id, without those of pods."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _parent(int(entry.name)) == node:
            with contextlib.suppress(OSError):
                program = (entry / "cmdline").read_text(errors="replace").split("\0")[0]
                found[Path(program).name] = int(entry.name)
    return found


def stop_process(node: int, name: str, *, timeout_seconds: float = 20.0) -> None:
    """Stop one of the node's processes and wait until it is gone."""
    pid = running(node).get(name)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    started = time.monotonic()
    while running(node).get(name) == pid:
        if time.monotonic() - started > timeout_seconds:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def is_listening(node: int, port: int) -> bool:
    """Whether a process inside the node listens on a TCP port, loopback included."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            rows = Path(f"/proc/{node}/net/{table}").read_text().splitlines()[1:]
            cells = [row.split() for row in rows]
            if any(row[3] == "0A" and int(row[1].split(":")[1], 16) == port for row in cells):
                return True
    return False


def is_socket(path: Path) -> bool:
    """Whether a program has opened its unix socket and takes connections."""
    try:
        # By way of an open folder: the whole path may be longer than an address may be.
        folder = os.open(path.parent, os.O_PATH)
    except OSError:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def wait_until(
    ready: Callable[[], bool],
    what: str,
    *,
    timeout_seconds: float = 60.0,
    alive: Callable[[], bool] = lambda: True,
    log: Path | None = None,
) -> None:
    """Wait for a condition, and stop early, with the end of the log, when its process has died."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if time.monotonic() > deadline or not alive():
            why = "not ready in time" if alive() else "its process has ended"
            raise NotReady(f"{what}: {why}\n{log_tail(log)}".rstrip())
        time.sleep(0.05)


def log_tail(log: Path | None, lines: int = 15) -> str:
    """Return the last lines of a log file, or nothing where there is none."""
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def cluster_log(cluster: ClusterFolders, name: str) -> Path:
    """Return the file that a component's output goes to."""
    return cluster.logs / f"{name}.log"


def _parent(pid: int) -> int:
    try:
        # The program's name stands in brackets and may itself hold blanks and brackets.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return -1
