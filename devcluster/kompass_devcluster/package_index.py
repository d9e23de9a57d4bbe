"""A pip to fetch wheels with: that of the running Python, or where it has none another's."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path

from .commands import output, succeeds
from .errors import MissingPrerequisite

__all__ = ["fetch_wheel", "find_pip"]


@functools.cache
def find_pip() -> tuple[str, ...] | None:
    """Return the command that runs pip; a virtual environment made by uv has none of its own."""
    if importlib.util.find_spec("pip") is not None:
        return (sys.executable, "-m", "pip")
    for python in (str(Path(sys.base_prefix, "bin", "python3")), "/usr/bin/python3"):
        command = (python, "-m", "pip")
        if succeeds([*command, "--version"]):
            return command
    return None


def fetch_wheel(name: str, digest: str, folder: Path) -> Path:
    """Download one wheel, NAME==VERSION, checked by its SHA-256, and return its path."""
    pip = find_pip()
    if pip is None:
        raise MissingPrerequisite("no pip: apt-get install --no-install-recommends python3-pip")
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{name} --hash=sha256:{digest}\n")
    wheels = ["download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    output([*pip, *wheels, f"--dest={folder}", f"--requirement={requirements}"])
    requirements.unlink()
    return next(folder.glob("*.whl"))
