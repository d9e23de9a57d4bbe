"""The release before this one, as a checkout: for tests of upgrades."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

COMMIT = "872dbfb7899eefd70552d70dd3d3ee794af1674d"
"""What stands for the release before as long as no version has a tag."""


def previous_commit(root: Path) -> str:
    """The newest version's tag, else COMMIT."""
    found = subprocess.run(
        ["git", "-C", str(root), "describe", "--tags", "--abbrev=0", "--match", "v*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() if found.returncode == 0 else COMMIT


def previous_checkout(root: Path, folder: Path) -> Path:
    """Every file of the release before, unpacked into the folder."""
    packed = subprocess.run(
        ["git", "-C", str(root), "archive", previous_commit(root)], capture_output=True, check=False
    )
    if packed.returncode != 0:
        message = f"needs the release before in the clone: {packed.stderr.decode().strip()}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder
