"""docs/troubleshooting.md says of every reason what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kompass_api.conditions import Reason

PAGE = Path(__file__).parents[3] / "docs/troubleshooting.md"
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("reason", list(Reason))
def test_reason_is_explained_once(reason: Reason) -> None:
    assert [name for name, _ in ROWS].count(reason.value) == 1


@pytest.mark.parametrize("cells", [pytest.param(row[1], id=row[0]) for row in ROWS])
def test_row_is_whole(cells: str) -> None:
    meaning, _, advice = (cell.strip() for cell in cells.split("|"))
    assert meaning.endswith(".")
    assert advice.endswith((".", "please."))
