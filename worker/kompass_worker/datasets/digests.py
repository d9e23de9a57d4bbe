"""The digest of data files: what a number was measured on.

Reads local files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from kompass_api.rundocument import digest_of


def data_digest(folder: Path, files: Iterable[str]) -> str:
    """`sha256:` over the sorted names of the files and their own digests."""
    lines = [f"{_file_digest(folder / name)}  {name}\n" for name in sorted(set(files))]
    return digest_of("".join(lines).encode())


def _file_digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
