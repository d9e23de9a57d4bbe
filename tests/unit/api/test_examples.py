"""Every example is what it says: valid, explained, and resolvable as far as it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from kompass_api import (
    Benchmark,
    EvalRun,
    EvalSuite,
    ModelEndpoint,
    RunDocument,
    Surroundings,
    resolve,
)
from kompass_api.resources import RuledModel
from kompass_api.rundocument import ResolvedStorage

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

MODELS: Mapping[str, type[RuledModel]] = {
    "EvalRun": EvalRun,
    "EvalSuite": EvalSuite,
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
}


def documents(path: Path) -> list[RuledModel]:
    found = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    return [MODELS[document["kind"]].model_validate(document) for document in found]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_valid_and_holds_a_run(path: Path) -> None:
    assert any(isinstance(document, EvalRun) for document in documents(path))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_says_how_to_use_it(path: Path) -> None:
    header = path.read_text(encoding="utf-8").partition("apiVersion:")[0]
    assert f"kubectl apply -f examples/{path.name}" in header


@pytest.mark.parametrize("name", ["quickstart", "hub-model", "served-model"])
def test_a_complete_example_resolves(name: str) -> None:
    found = documents(EXAMPLES / f"{name}.yaml")
    around = Surroundings(
        endpoints={one.metadata.name: one for one in found if isinstance(one, ModelEndpoint)},
        benchmarks={},
    )
    storage = ResolvedStorage(uri="s3://kompass/runs/default/x/uid")
    runs = [one for one in found if isinstance(one, EvalRun)]
    resolved = [resolve(run, around, storage) for run in runs]
    assert all(isinstance(document, RunDocument) for document in resolved), resolved


@pytest.mark.parametrize(
    "path", sorted((EXAMPLES / "gitops" / "repository").rglob("*.yaml")), ids=lambda path: path.stem
)
def test_what_git_holds_is_valid(path: Path) -> None:
    found = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ours = [one for one in found if one["apiVersion"].startswith("kompass.dev/")]
    for document in ours:
        MODELS[document["kind"]].model_validate(document)
    assert ours or path.stem == "promotion"


@pytest.mark.parametrize("mode", ["record", "gate"])
def test_the_engines_read_folders_that_the_repository_has(mode: str) -> None:
    gitops = EXAMPLES / "gitops"
    application = yaml.safe_load((gitops / f"argocd/{mode}.yaml").read_text(encoding="utf-8"))
    flux = yaml.safe_load_all((gitops / f"flux/{mode}.yaml").read_text(encoding="utf-8"))
    paths = [application["spec"]["source"]["path"], *(one["spec"]["path"] for one in flux)]
    assert [path for path in paths if not (gitops / "repository" / path).is_dir()] == []
