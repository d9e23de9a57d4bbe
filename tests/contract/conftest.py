"""A real API server with our kinds, and an empty namespace."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters import CURRENT, Cluster, CommandFailed, connect

FIELD_MANAGER = "kompass-contract-tests"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster of KUBECONFIG, else the development cluster (`make cluster-up`)."""
    named = os.environ.get("KOMPASS_CLUSTER", "kompass")
    name = CURRENT if os.environ.get("KUBECONFIG") else named
    try:
        found = connect(name)
        found.run("kubectl", "get", "--raw", "/readyz", "--request-timeout=10s")
    except CommandFailed as missing:
        message = f"needs a cluster (make cluster-up, or set KUBECONFIG): {missing}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def crds(cluster: Cluster, root: Path) -> Iterator[list[str]]:
    """Names of our CRDs, applied from the checkout; those that were not there go again."""
    before = set(_crd_names(cluster))
    cluster.run(
        *("kubectl", "apply", "--server-side", "--force-conflicts"),
        *("--field-manager", FIELD_MANAGER, "-f", str(root / "crds")),
    )
    names = _crd_names(cluster)
    established = [f"crd/{name}" for name in names]
    cluster.run("kubectl", "wait", "--for=condition=Established", "--timeout=30s", *established)
    yield names
    for name in sorted(set(names) - before):
        # helm does not take over CRDs that it did not create.
        cluster.run("kubectl", "delete", "crd", name, "--timeout=60s")


@pytest.fixture(scope="module")
def namespace(cluster: Cluster, crds: list[str]) -> Iterator[str]:
    """An empty namespace."""
    name = f"contract-{uuid.uuid4().hex[:8]}"
    cluster.run("kubectl", "create", "namespace", name)
    yield name
    cluster.run("kubectl", "delete", "namespace", name, "--wait=false")


def _crd_names(cluster: Cluster) -> list[str]:
    listed = json.loads(cluster.run("kubectl", "get", "crd", "-o", "json"))["items"]
    return [crd["metadata"]["name"] for crd in listed if crd["spec"]["group"] == "kompass.dev"]
