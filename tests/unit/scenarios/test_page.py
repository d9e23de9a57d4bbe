"""docs/scenarios.md names the tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROW = re.compile(r"^\| (\d+) \| .* \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"def test_scenario((?:_\d\d)+)_[a-z]")


def rows(root: Path) -> dict[int, set[str]]:
    """The files that the page names for each scenario."""
    page = (root / "docs" / "scenarios.md").read_text()
    return {
        int(number): set(re.findall(r"`([^`]+)`", where)) for number, where in ROW.findall(page)
    }


def shown(root: Path) -> dict[int, set[str]]:
    """The files in which a scenario has a test."""
    found: dict[int, set[str]] = {}
    for file in sorted((root / "tests").rglob("test_*.py")):
        for numbers in TEST.findall(file.read_text()):
            for number in numbers.strip("_").split("_"):
                found.setdefault(int(number), set()).add(str(file.relative_to(root / "tests")))
    return found


def test_every_scenario_of_the_page_has_the_tests_that_it_names(root: Path) -> None:
    held = shown(root)
    missing = {number: files - held.get(number, set()) for number, files in rows(root).items()}
    assert {number: files for number, files in missing.items() if files} == {}
