"""An operator behind a proxy that fails on purpose, and a session with the real API server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from contract.operator.conftest import alone, fresh_namespace
from contract.operator.process import OperatorProcess, grant, grant_sight, login, withdraw_sight
from contract.operator.stage import Stage
from contract.scenarios.hands import Hands

from clusters import Cluster
from faults.proxy import Proxy
from faults.thread import proxied
from faults.upstream import Upstream, leading_to
from simulation.apiserver import ApiServer

__all__ = ["alone", "fresh_namespace"]


@pytest.fixture
def proxy(cluster: Cluster, fresh_namespace: str, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy before the API server; who comes through it has the operator's rights."""
    grant(cluster, fresh_namespace)
    grant_sight(cluster, fresh_namespace)
    login(cluster, fresh_namespace, tmp_path / "direct")
    with proxied(Upstream.of_kubeconfig(tmp_path / "direct")) as held:
        (tmp_path / "kubeconfig").write_text(leading_to(held.url, tmp_path / "direct"))
        yield held


@pytest.fixture
def hands(
    cluster: Cluster, alone: None, fresh_namespace: str, proxy: Proxy, tmp_path: Path
) -> Iterator[Hands]:
    """A namespace with an operator behind the proxy, where the test plays the kubelet."""
    operator = OperatorProcess(cluster, fresh_namespace, tmp_path)
    operator.start()
    yield Hands(Stage(cluster, fresh_namespace, operator), proxy)
    operator.kill()
    withdraw_sight(cluster, fresh_namespace)


@pytest.fixture
async def server(cluster: Cluster, tmp_path: Path) -> AsyncIterator[ApiServer]:
    """The API server, with all rights."""
    shown = cluster.run("kubectl", "config", "view", "--raw", "--minify", "-o", "json")
    kubeconfig = tmp_path / "admin"
    kubeconfig.write_text(json.dumps(json.loads(shown)))
    async with ApiServer(Upstream.of_kubeconfig(kubeconfig)) as held:
        yield held
