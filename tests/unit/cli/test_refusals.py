"""`kompass validate` refuses what the API server refuses, in its words, and names file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from api_manifests import ALSO_RIGHT, BROKEN_RULES, BROKEN_TYPES, RIGHT, Wrong, changed

from kompass_worker.cli.documents import read_documents
from kompass_worker.cli.manifests import Checked, check_documents

OF_THE_CLUSTER = {"EvalPolicy"}
"""Kinds that `kompass run` has no use for."""

WRONG = {
    name: wrong
    for name, wrong in {**BROKEN_RULES, **BROKEN_TYPES}.items()
    if wrong.kind not in OF_THE_CLUSTER
}
TAKEN = {name: right for name, right in ALSO_RIGHT.items() if right[0] not in OF_THE_CLUSTER}


def checked(folder: Path, manifest: Mapping[str, object]) -> Checked:
    file = folder / "one.yaml"
    file.write_text(yaml.safe_dump(dict(manifest), allow_unicode=True), encoding="utf-8")
    return check_documents(read_documents(file))


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=name) for name, wrong in WRONG.items()])
def test_a_wrong_manifest_is_refused_as_the_api_server_refuses_it(
    tmp_path: Path, wrong: Wrong
) -> None:
    said = "\n".join(checked(tmp_path, wrong.manifest).problems)
    assert wrong.field in said
    assert wrong.fix in said
    assert "one.yaml:" in said


@pytest.mark.parametrize(
    ("kind", "changes"), [pytest.param(*right, id=name) for name, right in TAKEN.items()]
)
def test_a_right_manifest_is_taken(
    tmp_path: Path, kind: str, changes: Mapping[str, object]
) -> None:
    found = checked(tmp_path, changed(RIGHT[kind], changes))
    assert found.problems == ()
    assert [held.resource.kind for held in found.held] == [kind]
