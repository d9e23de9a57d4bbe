"""The real cluster and the one in memory, and an operator as a process against the real one."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml
from contract.operator.places import FakePlace, Place, RealPlace
from contract.operator.process import (
    OperatorProcess,
    grant,
    grant_sight,
    login,
    withdraw_sight,
)
from contract.operator.stage import NO_NODE, Stage

from clusters import Cluster
from kompass_operator.cluster_api import ApiCluster, load_configuration
from kompass_operator.cluster_fake import FakeCluster


@pytest.fixture
def fresh_namespace(cluster: Cluster, crds: list[str]) -> Iterator[str]:
    """An empty namespace in which no pod finds a node: the test says how they fare."""
    name = f"operator-{uuid.uuid4().hex[:8]}"
    cluster.run("kubectl", "create", "namespace", name)
    cluster.run("kubectl", "-n", name, "apply", "-f", "-", text=yaml.safe_dump(NO_NODE))
    yield name
    cluster.run("kubectl", "delete", "namespace", name, "--wait=false")


@pytest.fixture(params=["memory", "api-server"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """A cluster of either kind, and a namespace in it."""
    if request.param == "memory":
        yield FakePlace(FakeCluster(), "team")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    namespace: str = request.getfixturevalue("fresh_namespace")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, cluster.environment.get(variable, ""))
    real = ApiCluster(await load_configuration(cluster.environment.get("KUBECONFIG")))
    yield RealPlace(real, namespace, cluster)
    await real.close()


@pytest.fixture
def alone(cluster: Cluster) -> Iterator[None]:
    """No other operator works in the cluster meanwhile."""
    selector = "app.kubernetes.io/name=kompass,app.kubernetes.io/component=operator"
    listed = cluster.run("kubectl", "get", "deployments", "-A", "-l", selector, "-o", "json")
    others = [
        (held["metadata"]["namespace"], held["metadata"]["name"], held["spec"]["replicas"])
        for held in json.loads(listed)["items"]
        if held["spec"]["replicas"]
    ]
    if others and cluster.is_current:
        pytest.skip(f"another Kompass operator serves this cluster: {others}")
    for namespace, name, _ in others:
        cluster.run("kubectl", "-n", namespace, "scale", "deployment", name, "--replicas=0")
    yield
    for namespace, name, replicas in others:
        scale = f"--replicas={replicas}"
        cluster.run("kubectl", "-n", namespace, "scale", "deployment", name, scale)


@pytest.fixture
def stage(cluster: Cluster, alone: None, fresh_namespace: str, tmp_path: Path) -> Iterator[Stage]:
    """A namespace with a running operator, where the test plays the kubelet."""
    grant(cluster, fresh_namespace)
    grant_sight(cluster, fresh_namespace)
    login(cluster, fresh_namespace, tmp_path / "kubeconfig")
    operator = OperatorProcess(cluster, fresh_namespace, tmp_path)
    operator.start()
    yield Stage(cluster, fresh_namespace, operator)
    operator.kill()
    withdraw_sight(cluster, fresh_namespace)


@pytest.fixture
def confined(
    cluster: Cluster, alone: None, fresh_namespace: str, tmp_path: Path
) -> Iterator[Stage]:
    """The same with a Role in the namespace and no right anywhere else."""
    grant(cluster, fresh_namespace)
    login(cluster, fresh_namespace, tmp_path / "kubeconfig")
    settings = {"KOMPASS_POLICIES": "false"}
    operator = OperatorProcess(cluster, fresh_namespace, tmp_path, settings)
    operator.start()
    yield Stage(cluster, fresh_namespace, operator)
    operator.kill()
