"""promtool: that of the PATH, or Debian's, taken out of its package into the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from clusters import output
from kompass_devcluster.folders import Folders

PACKAGE = "prometheus"


def find_promtool() -> str | None:
    """The program, or None where there is none and none may be fetched."""
    found = shutil.which("promtool")
    if found is not None:
        return found
    held = Folders.from_environment().tools / "promtool"
    if not held.exists() and os.environ.get("KOMPASS_DEVCLUSTER_INSTALL") == "1":
        _fetch(held)
    return str(held) if held.exists() else None


def _fetch(target: Path) -> None:
    """Debian's package checked by apt; only this one program of it is kept."""
    if shutil.which("apt-get") is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        download = ["apt-get", "download", "-o", "APT::Sandbox::User=root", PACKAGE]
        if subprocess.run(download, cwd=folder, check=False, capture_output=True).returncode:
            # A machine that has never asked knows no package.
            output(["apt-get", "update"])
            subprocess.run(download, cwd=folder, check=True, capture_output=True)
        package = next(folder.glob("*.deb"))
        output(["dpkg-deb", "--extract", str(package), str(folder / "content")])
        shutil.copy2(folder / "content/usr/bin/promtool", folder / "promtool")
        (folder / "promtool").replace(target)
