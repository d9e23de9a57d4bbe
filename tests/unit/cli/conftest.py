"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.cli.finished import finished, letters


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A run with everything right but two, one of which tries to control the terminal."""
    answers = letters(geography_0="\x1b[2JB\u202e\x9b1m", arithmetic_3="no capital")
    return finished(tmp_path, tmp_path / "before", answers)


@pytest.fixture
def after(tmp_path: Path) -> Path:
    """The same questions: one item better, two worse."""
    answers = letters(arithmetic_3="no capital", geography_1="D", geography_2="The C")
    return finished(tmp_path, tmp_path / "after", answers)
