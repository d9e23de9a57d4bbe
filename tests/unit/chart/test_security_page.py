"""docs/security.md promises nothing without a test, and every named test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SECTIONS = 15
"""Of the checklist that the page answers."""

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "security.md").read_text(encoding="utf-8")


def points(page: str, mark: str) -> list[str]:
    """The list items with this mark, each with the lines that belong to it."""
    items = re.findall(rf"^- \[{mark}\] (.+(?:\n  .+)*)", page, re.MULTILINE)
    return [" ".join(item.split()) for item in items]


def test_every_named_test_exists(page: str, root: Path) -> None:
    named = set(_TEST.findall(page))
    assert named
    absent = {f"{file}::{test}" for file, test in named if test not in _tests_of(root / file)}
    assert absent == set()


def _tests_of(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, functions)}


def test_every_promise_has_a_test(page: str) -> None:
    promises = points(page, "x")
    assert len(promises) >= 2 * SECTIONS
    assert [promise for promise in promises if not _TEST.search(promise)] == []


def test_every_open_point_says_what_to_do_instead(page: str) -> None:
    assert [point for point in points(page, " ") if _TEST.search(point) or len(point) < 60] == []


def test_every_section_of_the_checklist_is_answered(page: str) -> None:
    numbers = re.findall(r"^## (\d+)\. ", page, re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, SECTIONS + 1))


@pytest.mark.parametrize("name", ["operator", "worker"])
def test_images_install_only_pinned_packages(root: Path, name: str) -> None:
    text = (root / "images" / name / "Dockerfile").read_text().replace("\\\n", " ")
    installs = [line for line in re.split(r"&&|\n", text) if " install " in line and "pip" in line]
    assert installs
    loose = [
        line for line in installs if "--require-hashes" not in line and "--no-deps" not in line
    ]
    assert loose == []
