"""CRDs that appear one after the other, before and after the operator: the first run is seen."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from contract.operator.process import OperatorProcess, grant, grant_sight, login, withdraw_sight
from contract.operator.stage import NO_NODE, Object, Stage
from contract.operator.test_process import endpoint, run

from clusters import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def files(root: Path) -> dict[str, Path]:
    """The CRDs' files by plural name."""
    return {path.stem.removeprefix("kompass.dev_"): path for path in (root / "crds").glob("*.yaml")}


@pytest.fixture
def without_crds(cluster: Cluster, alone: None, root: Path) -> Iterator[dict[str, Path]]:
    """A cluster that does not know our kinds; afterwards it knows those that it knew before."""
    if cluster.is_current:
        pytest.skip("takes the CRDs away, and this cluster is not ours")
    held = files(root)
    names = [f"{plural}.kompass.dev" for plural in held]
    listed = json.loads(cluster.run("kubectl", "get", "crd", "-o", "json"))["items"]
    before = [without_history(crd) for crd in listed if crd["metadata"]["name"] in names]
    delete = ("kubectl", "delete", "crd", "--ignore-not-found", "--timeout=60s", *names)
    cluster.run(*delete)
    yield held
    cluster.run(*delete)
    if before:
        # JSON: a field called `n` would be a truth value in kubectl's YAML.
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": before})
        cluster.run("kubectl", "apply", "--server-side", "-f", "-", text=text)
        established = [f"crd/{crd['metadata']['name']}" for crd in before]
        cluster.run("kubectl", "wait", "--for=condition=Established", *established)


def without_history(crd: Object) -> Object:
    """What another apply needs to make the same CRD, with helm's marks on it."""
    kept = {key: crd["metadata"].get(key, {}) for key in ("name", "labels", "annotations")}
    return {**{key: crd[key] for key in ("apiVersion", "kind", "spec")}, "metadata": kept}


@pytest.fixture
def early(cluster: Cluster, without_crds: dict[str, Path], tmp_path: Path) -> Iterator[Stage]:
    """A namespace whose operator starts before the CRDs are there."""
    name = f"operator-{uuid.uuid4().hex[:8]}"
    cluster.run("kubectl", "create", "namespace", name)
    cluster.run("kubectl", "-n", name, "apply", "-f", "-", text=yaml.safe_dump(NO_NODE))
    grant(cluster, name)
    grant_sight(cluster, name)
    login(cluster, name, tmp_path / "kubeconfig")
    operator = OperatorProcess(cluster, name, tmp_path)
    operator.start()
    yield Stage(cluster, name, operator)
    operator.kill()
    withdraw_sight(cluster, name)
    cluster.run("kubectl", "delete", "namespace", name, "--wait=false")


def test_operator_that_was_there_before_its_kinds_serves_the_first_run(
    early: Stage, without_crds: dict[str, Path]
) -> None:
    early.until(lambda: "does not serve benchmarks, eval" in early.operator.log)
    for plural, file in without_crds.items():
        early.cluster.run("kubectl", "apply", "--server-side", "-f", str(file))
        early.cluster.run(
            "kubectl", "wait", "--for=condition=Established", f"crd/{plural}.kompass.dev"
        )
    early.apply(endpoint(), run("first"))
    early.wait_for("first", "Accepted", "True")
    said = [json.loads(line)["message"] for line in early.operator.log.splitlines()]
    assert not [message for message in said if "Unresolved resources" in message]


def test_operator_that_starts_while_its_kinds_appear_serves_the_first_run(
    early: Stage, without_crds: dict[str, Path]
) -> None:
    for file in without_crds.values():
        early.cluster.run("kubectl", "apply", "--server-side", "-f", str(file))
        early.operator.kill()
        early.operator.start()
    early.cluster.run(
        "kubectl",
        "wait",
        "--for=condition=Established",
        *(f"crd/{one}.kompass.dev" for one in without_crds),
    )
    early.apply(endpoint(), run("first"))
    early.wait_for("first", "Accepted", "True")
