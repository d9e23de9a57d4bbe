"""What people do with kubectl: apply the CRDs and examples, look, explain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clusters import Cluster, CommandFailed

pytestmark = pytest.mark.cluster

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*.yaml"))

RUN = """
apiVersion: kompass.dev/v1alpha1
kind: EvalRun
metadata: {name: shown}
spec:
  models: [{name: llama}]
  benchmarks: [{name: ceval-gen}]
  execution: {suspend: true, parallel: 2}
"""


def test_the_api_server_takes_the_crds(cluster: Cluster, crds: list[str]) -> None:
    assert sorted(crds) == [
        "benchmarks.kompass.dev",
        "evalpolicies.kompass.dev",
        "evalruns.kompass.dev",
        "evalsuites.kompass.dev",
        "modelendpoints.kompass.dev",
    ]


@pytest.mark.parametrize(
    "plural", ["benchmarks", "evalpolicies", "evalruns", "evalsuites", "modelendpoints"]
)
def test_the_api_server_finds_the_schema_structural(
    cluster: Cluster, crds: list[str], plural: str
) -> None:
    path = '{.status.conditions[?(@.type=="NonStructuralSchema")].message}'
    said = cluster.run("kubectl", "get", "crd", f"{plural}.kompass.dev", f"-ojsonpath={path}")
    assert said == ""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_taken(cluster: Cluster, namespace: str, path: Path) -> None:
    said = cluster.run(
        *("kubectl", "apply", "--namespace", namespace, "--dry-run=server", "--validate=strict"),
        *("-f", str(path)),
    )
    assert "created (server dry run)" in said


def test_a_misspelt_field_is_refused_by_plain_apply(cluster: Cluster, namespace: str) -> None:
    with pytest.raises(CommandFailed, match=r'unknown field "spec\.execution\.parallel"'):
        cluster.run("kubectl", "apply", "--namespace", namespace, "-f", "-", text=RUN)


def test_short_names_and_the_category(cluster: Cluster, crds: list[str]) -> None:
    said = cluster.run("kubectl", "api-resources", "--categories", "evals", "--no-headers")
    assert sorted(tuple(line.split()[:2]) for line in said.splitlines()) == [
        ("benchmarks", "bm"),
        ("evalpolicies", "ep"),
        ("evalruns", "er"),
        ("evalsuites", "es"),
        ("modelendpoints", "mep"),
    ]


def test_get_answers_how_far_how_good_how_old(cluster: Cluster, namespace: str) -> None:
    right = RUN.replace(", parallel: 2", "")
    cluster.run("kubectl", "apply", "--namespace", namespace, "-f", "-", text=right)
    condition = {
        "type": "Succeeded",
        "status": "Unknown",
        "reason": "ShardsRunning",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    # Not the last in the list: a column finds its condition by type.
    other = {**condition, "type": "Accepted", "status": "True", "reason": "Accepted"}
    status = {
        "phase": "Running",
        "progress": "3/8",
        "items": {"done": 412},
        "score": "71.43",
        "conditions": [condition, other],
    }
    cluster.run(
        *("kubectl", "patch", "evalrun", "shown", "--namespace", namespace),
        *("--subresource", "status", "--type", "merge", "-p", json.dumps({"status": status})),
    )
    head, row = cluster.run("kubectl", "get", "er", "--namespace", namespace).splitlines()
    columns = ["NAME", "PHASE", "PROGRESS", "ITEMS", "SCORE", "SUCCEEDED", "REASON", "AGE"]
    shown = ["shown", "Running", "3/8", "412", "71.43", "Unknown", "ShardsRunning"]
    assert head.split() == columns
    assert row.split()[:7] == shown


def test_explain_describes_a_field(cluster: Cluster, crds: list[str]) -> None:
    said = cluster.run("kubectl", "explain", "evalrun.spec.execution.deadlineSeconds")
    assert "May only grow." in said
