"""What OpenCompass' path flags name: folders of this machine, and repositories on the hub.

Looks which folders there are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kompass_api.sources import HUB, SOURCE
from kompass_worker.cli.usage import WrongUsage


def path_at(flag: str, path: str, here: Path) -> Path:
    """The whole path of what a flag names from here, without '..' and with a home for '~'."""
    if not path:
        raise WrongUsage(f"{flag} '': expected a folder or file; it is empty")
    try:
        return Path(os.path.normpath(here / Path(path).expanduser()))
    except RuntimeError as error:
        raise WrongUsage(f"{flag} {path!r}: {error} Write the path out") from error


def source_of(flag: str, path: str, here: Path) -> dict[str, Any]:
    """The source that OpenCompass takes: a folder where there is one, else a hub name."""
    folder = path_at(flag, path, here)
    is_path = path.startswith(("/", ".", "~")) or path.count("/") != 1
    if is_path or _is_there(flag, folder):
        return {"uri": folder.as_uri()}
    if SOURCE.matches(HUB + path):
        return {"uri": HUB + path}
    raise WrongUsage(
        f"{flag} {path!r}: there is no such folder, and a name on the hub is owner/name, of "
        f"A-Z, a-z, 0-9, '.', '_' and '-': correct it, or write ./{path} for a folder to come"
    )


def _is_there(flag: str, folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError as error:
        raise WrongUsage(f"{flag} {str(folder)!r}: {error.strerror}") from error
