"""The cgroup that holds a cluster's pods, in each hierarchy the machine has (v1, v2 or both)."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

__all__ = ["cgroup_name", "create_cgroups", "kill_cgroups", "remove_cgroups"]

_WANTED = ("cpu", "cpuset", "memory", "pids", "io", "hugetlb")


def cgroup_name(cluster: str) -> str:
    """Return the name of the cluster's cgroup, the parent of kubelet's own."""
    return f"kompass-{cluster}"


def create_cgroups(cluster: str) -> None:
    """Create the cluster's cgroup wherever kubelet looks for it."""
    for mount, version in _hierarchies():
        held = mount / cgroup_name(cluster)
        held.mkdir(exist_ok=True)
        if version == "cgroup2":
            _enable_controllers(mount)
            _enable_controllers(held)
        elif (held / "cpuset.cpus").exists():
            _inherit_cpuset(mount, held)


def kill_cgroups(cluster: str) -> None:
    """Kill every process that is left in the cluster's cgroups."""
    for held in _held(cluster):
        for file in held.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in file.read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), 9)


def remove_cgroups(cluster: str, *, timeout_seconds: float = 10.0) -> list[Path]:
    """Remove the cluster's cgroups, depth first, and return those that would not go."""
    deadline = time.monotonic() + timeout_seconds
    while left := _held(cluster):
        for held in left:
            for folder, _, _ in os.walk(held, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        if time.monotonic() > deadline:
            return _held(cluster)
        if _held(cluster):
            time.sleep(0.05)
    return []


def _held(cluster: str) -> list[Path]:
    found = [mount / cgroup_name(cluster) for mount, _ in _hierarchies()]
    return [folder for folder in found if folder.exists()]


def _hierarchies() -> list[tuple[Path, str]]:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [(Path(mount[1]), mount[2]) for mount in mounts if mount[2] in ("cgroup", "cgroup2")]


def _enable_controllers(folder: Path) -> None:
    try:
        offered = (folder / "cgroup.controllers").read_text().split()
    except OSError:
        return
    for controller in _WANTED:
        if controller in offered:
            # One at a time: a controller that cannot be enabled must not keep the others out.
            with contextlib.suppress(OSError):
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def _inherit_cpuset(parent: Path, child: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (child / name).read_text().strip():
            (child / name).write_text((parent / name).read_text())
