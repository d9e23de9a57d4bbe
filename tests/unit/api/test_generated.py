"""Generated files are those that a fresh rendering gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from generate import differences, generated, write
from generate_charts import chart_copy
from kompass_api.conditions import ConditionType, Reason
from kompass_api.endpointconditions import EndpointCondition, EndpointReason
from kompass_api.endpointglossary import ENDPOINT_CONDITIONS, ENDPOINT_REASONS
from kompass_api.glossary import CONDITIONS, EXIT_CODES, FAILURE_CLASSES, REASONS
from kompass_api.outcomes import ExitCode, FailureClass


def test_generated_files_are_fresh(root: Path) -> None:
    assert differences(root) == []


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path) == sorted(generated())
    assert write(tmp_path) == []


def test_a_difference_is_summed_up(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "docs/reference.md"
    path.write_text(path.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    assert differences(tmp_path) == [
        "docs/reference.md: 0 lines to add, 1 to remove, first: - more"
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "docs/reference.md: missing" in differences(tmp_path)


def test_a_chart_copy_without_its_switches_is_the_crd() -> None:
    crd = yaml.safe_dump({"kind": "CustomResourceDefinition", "metadata": {"name": "x"}})
    copy = re.sub(r"\n? *\{\{-.*?\}\}\n", "\n", chart_copy(crd))
    held = yaml.safe_load(copy)
    assert held["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert held == yaml.safe_load(crd)


def test_what_helm_would_read_as_an_action_is_a_literal() -> None:
    crd = "metadata:\n  name: '{{ x }}'\n"
    assert "name: '{{ \"{{\" }} x }}'" in chart_copy(crd)


@pytest.mark.parametrize(
    ("words", "described"),
    [
        pytest.param(list(ConditionType), CONDITIONS, id="conditions"),
        pytest.param(list(Reason), REASONS, id="reasons"),
        pytest.param(list(EndpointCondition), ENDPOINT_CONDITIONS, id="endpoint-conditions"),
        pytest.param(list(EndpointReason), ENDPOINT_REASONS, id="endpoint-reasons"),
        pytest.param(list(ExitCode), EXIT_CODES, id="exit-codes"),
        pytest.param(list(FailureClass), FAILURE_CLASSES, id="failure-classes"),
    ],
)
def test_the_glossary_is_complete(words: list[object], described: dict[object, str]) -> None:
    assert [word for word in words if word not in described] == []
