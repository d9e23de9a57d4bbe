"""The cgroup that holds a cluster's pods, in each hierarchy the machine has (v1, v2 or both).

Its name is that of the cluster's link, which no other cluster of this machine has.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

__all__ = ["create_cgroups", "has_cgroups", "kill_cgroups", "remove_cgroups"]

_WANTED = ("cpu", "cpuset", "memory", "pids", "io", "hugetlb")


def has_cgroups(name: str) -> bool:
    """Whether a cgroup of that name exists in any hierarchy."""
    return bool(_held(name))


def create_cgroups(name: str) -> None:
    """Create a cgroup, the parent of kubelet's own, wherever kubelet looks for it."""
    for mount, version in _hierarchies():
        held = mount / name
        held.mkdir(exist_ok=True)
        if version == "cgroup2":
            _enable_controllers(mount)
            _enable_controllers(held)
        elif (held / "cpuset.cpus").exists():
            _inherit_cpuset(mount, held)


def kill_cgroups(name: str) -> None:
    """Kill every process that is left in the cgroups."""
    for held in _held(name):
        for file in held.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in file.read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), 9)


def remove_cgroups(name: str, *, timeout_seconds: float = 10.0) -> list[Path]:
    """Remove the cgroups, depth first, and return those that would not go."""
    deadline = time.monotonic() + timeout_seconds
    while left := _held(name):
        for held in left:
            for folder, _, _ in os.walk(held, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
        if time.monotonic() > deadline:
            return _held(name)
        if _held(name):
            time.sleep(0.05)
    return []


def _held(name: str) -> list[Path]:
    found = [mount / name for mount, _ in _hierarchies()]
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
