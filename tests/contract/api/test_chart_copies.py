"""What helm makes of the chart's CRD templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters import Cluster

pytestmark = pytest.mark.cluster


def rendered_crds(cluster: Cluster, root: Path, *values: str) -> dict[str, Any]:
    sets = [part for value in values for part in ("--set", value)]
    said = cluster.run(
        *("helm", "template", "kompass", str(root / "helm" / "kompass")),
        *("--kube-version", "1.34.0", *sets),
    )
    documents = [document for document in yaml.safe_load_all(said) if document]
    return {
        document["metadata"]["name"]: document
        for document in documents
        if document["kind"] == "CustomResourceDefinition"
    }


def crd_files(root: Path) -> dict[str, Any]:
    documents = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (root / "crds").glob("*.yaml")
    ]
    return {document["metadata"]["name"]: document for document in documents}


def test_helm_installs_the_crds_and_keeps_them(cluster: Cluster, root: Path) -> None:
    found = rendered_crds(cluster, root)
    notes = {name: crd["metadata"].pop("annotations") for name, crd in found.items()}
    assert found == crd_files(root)
    assert notes == {name: {"helm.sh/resource-policy": "keep"} for name in found}


def test_helm_removes_them_where_they_are_not_kept(cluster: Cluster, root: Path) -> None:
    assert rendered_crds(cluster, root, "crds.keep=false") == crd_files(root)


def test_helm_leaves_them_alone_where_they_are_off(cluster: Cluster, root: Path) -> None:
    assert rendered_crds(cluster, root, "crds.enabled=false") == {}
