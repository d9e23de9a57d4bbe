"""A virtual environment for each peer, kept in the cache under the digest of what is in it.

Installs into the cache and nowhere else; the pins are compiled by `make parity-requirements`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from smollm2 import cache_folder

REQUIREMENTS: Final = Path(__file__).parent / "requirements"
PYTHON: Final = "3.11"
"""tree-sitter-languages, which OpenCompass needs, has no wheels for later ones."""


def python_of(peer: str) -> Path:
    """The Python of a peer's environment, made if it is not there."""
    requirements = REQUIREMENTS / f"{peer}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = cache_folder() / "parity" / f"{peer}-{digest}"
    python = folder / "bin" / "python"
    complete = folder / ".complete"
    if complete.exists():
        return python
    print(f"Installing {peer} into {folder}: 2 GB, a few minutes", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = _uv()
    subprocess.run([uv, "venv", "--quiet", "--python", PYTHON, str(folder)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
    subprocess.run([*install, "--requirement", str(requirements)], check=True)
    complete.touch()
    return python


def version_of(peer: str) -> str:
    """The release of a peer that is pinned."""
    requirements = (REQUIREMENTS / f"{peer}.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(peer)}==(\S+)", requirements, re.MULTILINE)
    if found is None:
        sys.exit(f"requirements/{peer}.txt does not pin {peer}")
    return found[1]


def peer_environment() -> dict[str, str]:
    """The environment variables of a peer's process: one thread, no network, this folder's code."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HOME": str(cache_folder() / "parity" / "home"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(Path(__file__).parent),
    }


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        sys.exit("no uv found: `make venv` puts it into .venv, or `python -m pip install uv`")
    return found
