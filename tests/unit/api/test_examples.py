"""Every example is what it says: valid, explained, and resolvable as far as it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from kompass_api import Benchmark, EvalRun, ModelEndpoint, RunDocument, Surroundings, resolve
from kompass_api.resources import RuledModel
from kompass_api.rundocument import ResolvedStorage

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

MODELS: Mapping[str, type[RuledModel]] = {
    "EvalRun": EvalRun,
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
