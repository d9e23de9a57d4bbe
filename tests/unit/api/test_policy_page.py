"""docs/policies.md shows a policy that is valid and knows every rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kompass_api import EvalPolicy
from kompass_operator.policies.rules import RULES


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "policies.md").read_text(encoding="utf-8")


def test_policy_of_the_page_is_valid(page: str) -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    policy = EvalPolicy.model_validate(yaml.safe_load(shown))
    unset = set(type(policy.spec).model_fields) - policy.spec.model_fields_set
    assert unset == set(), "the example shows every field"


def test_every_rule_is_in_the_table(page: str) -> None:
    table = page.partition("## The rules")[2].partition("\n## ")[0]
    told = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    }
    assert told == {rule.name for rule in RULES}
