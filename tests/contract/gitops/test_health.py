"""What kstatus, Argo CD and Flux make of each state, asked of their own evaluators.

The scripts and expressions are those that are shipped: in the chart and in examples/gitops.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from contract.gitops.programs import answers
from contract.gitops.states import ENDPOINTS, STATES, Expected, Object

pytestmark = pytest.mark.timeout(1800)


def script(root: Path, kind: str) -> str:
    """The shipped health script of a kind."""
    return (root / f"helm/kompass/files/argocd/{kind}.lua").read_text()


def expressions(root: Path, kind: str) -> dict[str, Any]:
    """The shipped health check expressions of a kind."""
    documents = yaml.safe_load_all((root / "examples/gitops/flux/gate.yaml").read_text())
    waits = next(one for one in documents if one["spec"].get("wait"))
    return next(one for one in waits["spec"]["healthCheckExprs"] if one["kind"] == kind)


State = tuple[Object, Expected]


@pytest.fixture(params=STATES)
async def state(request: pytest.FixtureRequest) -> State:
    """An object in a state, and what is expected of it."""
    make, expected = STATES[request.param]
    return await make(), expected


def test_kstatus(state: State) -> None:
    held, expected = state
    assert answers("kstatus", [held])[0]["status"] == expected.kstatus


def test_argo_cd(state: State, root: Path) -> None:
    held, expected = state
    asked = {"object": held, "script": script(root, held["kind"])}
    found = answers("argocd", [asked])[0]
    assert found["status"] == expected.argo
    assert found["message"]


def test_flux(state: State, root: Path) -> None:
    held, expected = state
    asked = {"object": held, "expressions": expressions(root, held["kind"])}
    assert answers("flux", [asked])[0]["status"] == expected.flux


@pytest.mark.parametrize("name", ENDPOINTS)
def test_endpoints(name: str, root: Path) -> None:
    held, kstatus, argo = ENDPOINTS[name]
    assert answers("kstatus", [held])[0]["status"] == kstatus
    asked = {"object": held, "script": script(root, "ModelEndpoint")}
    assert answers("argocd", [asked])[0]["status"] == argo


def test_what_is_said_of_a_failed_gate_is_shown(root: Path) -> None:
    held = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": "demo", "generation": 1},
        "status": {
            "observedGeneration": 1,
            "conditions": [
                {"type": "Ready", "status": "False", "message": "gate"},
                {"type": "Stalled", "status": "True", "message": "gate good: 61.54, wanted >= 70"},
            ],
        },
    }
    asked = {"object": held, "script": script(root, "EvalRun")}
    assert answers("argocd", [asked])[0]["message"] == "gate good: 61.54, wanted >= 70"
