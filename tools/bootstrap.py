"""Create the virtual environment with pinned packages; needs nothing but Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = "uv==0.13.9"


def main(target: Path) -> None:
    """Make `target` hold exactly requirements/dev.txt, uv and this checkout."""
    if sys.version_info < (3, 11):  # noqa: UP036  (says so instead of failing oddly)
        sys.exit(f"Kompass needs Python 3.11 or later, this is {sys.version.split()[0]}")
    if not (target / "bin" / "python").exists():
        require_ensurepip()
        shutil.rmtree(target, ignore_errors=True)
        venv.create(target, with_pip=True)
    python = str(target / "bin" / "python")
    uv = target / "bin" / "uv"
    if not uv.exists():
        subprocess.run([python, "-m", "pip", "install", "--quiet", UV], check=True)
    install = [str(uv), "pip", "install", "--quiet", "--python", python]
    requirements = str(ROOT / "requirements" / "dev.txt")
    subprocess.run([*install, "--require-hashes", "--requirement", requirements], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)


def require_ensurepip() -> None:
    """Debian keeps a part of Python's venv in a package: install it, or say how."""
    if find_spec("ensurepip") is not None:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", "python3-venv"]
    if os.environ.get("INSTALL") != "1" or os.geteuid() != 0:
        sys.exit(f"this Python cannot make virtual environments: {' '.join(command)}")
    subprocess.run(["apt-get", "update", "--quiet=2"], check=True)
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
