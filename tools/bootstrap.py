"""Create the virtual environment with pinned packages; needs nothing but Python and pip."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = "uv==0.13.9"


def main(target: Path) -> None:
    """Make `target` hold exactly requirements/dev.txt, uv and this checkout."""
    if sys.version_info < (3, 11):
        sys.exit(f"Kompass needs Python 3.11 or later, this is {sys.version.split()[0]}")
    if not (target / "bin" / "python").exists():
        shutil.rmtree(target, ignore_errors=True)
        venv.create(target, with_pip=True)
    python = str(target / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", UV], check=True)
    uv = [str(target / "bin" / "uv"), "pip", "install", "--quiet", "--python", python]
    requirements = str(ROOT / "requirements" / "dev.txt")
    subprocess.run([*uv, "--require-hashes", "--requirement", requirements], check=True)
    subprocess.run([*uv, "--no-deps", "--editable", str(ROOT)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
