"""Which state of Kompass' own code a recording is of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import kompass_api
import kompass_worker

_WHAT_COUNTS: Final = (".py", ".yaml")


def sources_digest() -> str:
    """Eight digits over the code and the benchmarks that `kompass run` carries out."""
    return digest_of_sources(
        Path(folder) for package in (kompass_api, kompass_worker) for folder in package.__path__
    )


def digest_of_sources(folders: Iterable[Path]) -> str:
    """Eight digits over names and contents, wherever the folders lie."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _WHAT_COUNTS:
                total.update(f"{path.relative_to(folder)}\n".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:8]
