"""Fixtures that every suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code; pytest has a timeout.
settings.register_profile("kompass", deadline=None)
settings.load_profile("kompass")

ROOT = Path(__file__).resolve().parents[1]

pytest_plugins = ["fixtures_s3"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Third-party data and models beside the checkout; they are in no commit."""
    folder = Path(os.environ.get("KOMPASS_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        message = f"needs {folder} (data and models; set KOMPASS_SHARED to where they are)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
