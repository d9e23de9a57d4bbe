"""Data that comes as one ZIP, as C-Eval does on the hub (ceval-exam.zip).

Reads and writes local files.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from kompass_api.benchmark import Data
from kompass_worker.errors import InvalidData

MAX_UNPACKED_BYTES: Final = 8 * 1024**3
"""More than any benchmark of text has; a ZIP that claims more is not unpacked."""


def unpacked(folder: Path, data: Data, into: Path) -> Path:
    """The folder if it holds the test split, else the content of its only ZIP below `into`."""
    archives = sorted(folder.glob("*.zip"))
    first = data.path.replace("{split}", data.test_split).partition("/")[0]
    if "{subject}" not in first and (folder / first).exists():
        return folder
    if len(archives) != 1 or any(folder.glob(first.replace("{subject}", "*"))):
        return folder
    _unpack(archives[0], into)
    return into


def _unpack(path: Path, into: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > MAX_UNPACKED_BYTES:
                raise InvalidData(
                    f"{path.name} unpacks to {size} bytes; expected at most {MAX_UNPACKED_BYTES}"
                )
            archive.extractall(into)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        # RuntimeError and NotImplementedError: encrypted, or packed in a way that zipfile has not.
        raise InvalidData(f"{path.name} cannot be unpacked: {error}") from error
