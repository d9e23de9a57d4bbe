"""What a machine needs, what it lacks, and the one command that helps for each."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .allocation import locked
from .commands import COMPONENT_PATH, output, succeeds
from .console import say, step
from .errors import MissingPrerequisite
from .folders import Folders
from .golang import GO_VERSION, find_go, install_go
from .package_index import find_pip
from .tools import missing_tools, needed_go

__all__ = ["Lack", "check", "cni_plugins", "ensure", "lacks"]

_CNI_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")

# Program to Debian package.
_PROGRAMS = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "mount": "mount",
    "openssl": "openssl",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "docker-registry": "docker-registry",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
}
# The one thing that is no Debian package: none of them is new enough.
GO = "go"
_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Lack:
    """One thing that is missing and the command that provides it."""

    what: str
    remedy: str
    package: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def lacks(folders: Folders) -> list[Lack]:
    """Return everything that keeps a cluster from starting on this machine."""
    if platform.system() != "Linux":
        return [Lack(f"{platform.system()} is not Linux", "use a Linux machine or virtual machine")]
    if os.geteuid() != 0:
        command = 'sudo env PATH="$PATH" <the same command>'
        return [Lack("not root (namespaces and mounts need it)", command)]
    return [*_missing_packages(), *_missing_go(folders), *_missing_kernel_parts()]


def ensure(folders: Folders, *, install: bool) -> None:
    """Raise with one line for each thing that is missing; with `install`, get what can be got."""
    missing = lacks(folders)
    if install and any(lack.package for lack in missing):
        _install(folders, {lack.package for lack in missing})
        missing = lacks(folders)
    if missing:
        lines = "\n".join(f"  {lack}" for lack in missing)
        raise MissingPrerequisite(f"this machine lacks:\n{lines}")


def check(folders: Folders) -> int:
    """Print what is missing, one line each, and return the exit code."""
    missing = lacks(folders)
    for lack in missing:
        say(f"missing  {lack}")
    if not missing:
        built = missing_tools(folders)
        say(f"ok       nothing is missing ({len(built)} programs still to build from source)")
    return MissingPrerequisite.exit_code if missing else 0


def cni_plugins() -> str | None:
    """Return the folder that has the network plugins."""
    return next((folder for folder in _CNI_FOLDERS if Path(folder, "bridge").exists()), None)


def _missing_packages() -> list[Lack]:
    path = f"{os.environ.get('PATH', '')}:{COMPONENT_PATH}"
    absent = {
        program: package
        for program, package in _PROGRAMS.items()
        if shutil.which(program, path=path) is None
    }
    if cni_plugins() is None:
        absent["CNI plugins"] = "containernetworking-plugins"
    if not _DEBIAN_KEYS.exists():
        absent["Debian's archive keys"] = "debian-archive-keyring"
    if find_pip() is None:
        absent["pip"] = "python3-pip"
    return [
        Lack(program, f"apt-get install --no-install-recommends {package}", package)
        for program, package in absent.items()
    ]


def _missing_go(folders: Folders) -> list[Lack]:
    needed = needed_go(folders)
    if not missing_tools(folders) or find_go(folders, needed) is not None:
        return []
    wanted = ".".join(map(str, needed))
    what = f"Go {wanted} or newer (the cluster's programs are built from source once)"
    return [Lack(what, "PYTHONPATH=devcluster python3 -m kompass_devcluster doctor --install", GO)]


def _missing_kernel_parts() -> list[Lack]:
    missing = []
    if "overlay" not in Path("/proc/filesystems").read_text():
        missing.append(Lack("kernel: no overlay file system", "modprobe overlay"))
    if not Path("/proc/sys/net/bridge").exists():
        missing.append(Lack("kernel: bridges are not filtered", "modprobe br_netfilter"))
    private = ["unshare", "--net", "--mount", "--pid", "--fork"]
    if shutil.which("unshare") and not succeeds([*private, "true"]):
        remedy = "run on a machine, or in a container, that may create namespaces (privileged)"
        missing.append(Lack("kernel: no new namespaces allowed", remedy))
    return missing


def _install(folders: Folders, wanted: set[str]) -> None:
    packages = sorted(wanted - {"", GO})
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    if packages and shutil.which("apt-get"):
        with step(f"installed {' '.join(packages)}"), _services_held_back():
            output(["apt-get", "update"], env=quiet)
            install = ["apt-get", "install", "--yes", "--no-install-recommends"]
            output([*install, *packages], env=quiet)
    if GO in wanted:
        with step(f"installed Go {GO_VERSION} into the cache"), locked(folders.tools / "lock"):
            install_go(folders)


@contextmanager
def _services_held_back() -> Iterator[None]:
    """Keep Debian from starting the services of what it installs: only the programs are wanted."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
