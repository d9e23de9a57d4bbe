"""Every value of the chart is explained and has a schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Object = dict[str, Any]


@pytest.fixture(scope="module")
def chart(root: Path) -> Path:
    return root / "helm" / "kompass"


@pytest.fixture(scope="module")
def schema(chart: Path) -> Object:
    found: Object = json.loads((chart / "values.schema.json").read_text())
    return found


@pytest.fixture(scope="module")
def values(chart: Path) -> yaml.Node:
    found = yaml.compose((chart / "values.yaml").read_text())
    assert found is not None
    return found


def described(schema: Object, at: str = "") -> Iterator[str]:
    """Paths that the schema describes, down to what it leaves free."""
    for name, below in schema.get("properties", {}).items():
        yield from described(below, f"{at}.{name}")
    if "properties" not in schema:
        yield at


def written(node: yaml.Node, known: set[str], at: str = "") -> Iterator[tuple[str, int]]:
    """Paths of the values, as deep as the schema knows them, each with its line."""
    assert isinstance(node, yaml.MappingNode)
    for name, below in node.value:
        path = f"{at}.{name.value}"
        if path in known or not isinstance(below, yaml.MappingNode):
            yield path, name.start_mark.line
        else:
            yield from written(below, known, path)


def test_schema_and_values_speak_of_the_same(schema: Object, values: yaml.Node) -> None:
    known = set(described(schema))
    # helm itself puts `global` into every chart's values.
    assert {path for path, _ in written(values, known)} == known - {".global"}


def test_every_value_is_explained(chart: Path, schema: Object, values: yaml.Node) -> None:
    lines = (chart / "values.yaml").read_text().splitlines()
    unexplained = [
        path
        for path, line in written(values, set(described(schema)))
        if not lines[line - 1].strip().startswith("# -- ")
    ]
    assert unexplained == []


def test_chart_and_package_have_one_version(chart: Path, root: Path) -> None:
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    assert f'version = "{about["version"]}"' in (root / "pyproject.toml").read_text()
    assert about["appVersion"] == about["version"]
