"""The layout keeps its laws."""

from pathlib import Path

import pytest


@pytest.mark.parametrize("folder", ["crds", "operator", "worker", "tests", "devcluster"])
def test_top_folders_are_no_packages(root: Path, folder: str) -> None:
    assert not (root / folder / "__init__.py").exists()
