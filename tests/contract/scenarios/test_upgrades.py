"""From the release before to this one and back, and away, with runs under way."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from contract.operator.places import eventually
from contract.operator.process import OperatorProcess, grant, grant_sight, login
from contract.operator.test_process import endpoint, run
from previous_release import previous_checkout

from clusters import Cluster
from kompass_api.resources import API_VERSION
from simulation.apiserver import ApiServer, Object, Refused
from simulation.kubelet import Ending, PlayedKubelet, well

pytestmark = [pytest.mark.soak, pytest.mark.cluster, pytest.mark.timeout(280)]

SHARDS = 3
RUNS = int(os.environ.get("KOMPASS_TEST_UPGRADED_RUNS", "20"))


@pytest.fixture(scope="session")
def before(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of the release before."""
    return previous_checkout(root, tmp_path_factory.mktemp("previous"))


@dataclass
class Release:
    """A namespace, and operators of two releases for it; the pods end after a while."""

    cluster: Cluster
    server: ApiServer
    namespace: str
    folder: Path
    now: Path
    operator: OperatorProcess | None = None

    def install(self, checkout: Path) -> None:
        """What helm upgrade does: CRDs first, then the operator is another."""
        self.cluster.run(
            *("kubectl", "apply", "--server-side", "--force-conflicts"),
            *("-f", str(checkout / "crds")),
        )
        names = [
            f"crd/{plural}.kompass.dev" for plural in ("evalruns", "modelendpoints", "benchmarks")
        ]
        self.cluster.run("kubectl", "wait", "--for=condition=Established", *names)
        self.uninstall()
        path = os.pathsep.join([str(checkout / "crds"), str(checkout / "operator")])
        self.operator = OperatorProcess(
            self.cluster, self.namespace, self.folder, {"PYTHONPATH": path}
        )
        self.operator.start()

    def uninstall(self) -> None:
        """The operator goes; what it made stays."""
        if self.operator is not None:
            self.operator.kill()
            self.operator = None

    async def apply(self, prefix: str) -> list[str]:
        """Many runs at once."""
        names = [f"{prefix}-{number}" for number in range(RUNS)]
        for name in names:
            await self.server.request(
                "POST", f"{self.kinds}/evalruns", run(name, execution={"parallelism": 2})
            )
        return names

    async def finished(self, names: list[str], seconds: float = 120) -> None:
        """Wait until all of them are over."""
        for name in names:
            await eventually(partial(self._is_over, name), seconds=seconds)

    async def jobs(self) -> dict[str, str]:
        """UID of every Job by name."""
        held = await self.server.items(f"/apis/batch/v1/namespaces/{self.namespace}/jobs")
        return {job["metadata"]["name"]: job["metadata"]["uid"] for job in held}

    async def assert_undisturbed(self, names: list[str]) -> None:
        """Every run ended well, with each Job and each pod once."""
        pods = await self.server.items(f"/api/v1/namespaces/{self.namespace}/pods")
        for name in names:
            held = await self.run(name)
            assert held["status"]["phase"] == "Succeeded", json.dumps(held["status"], indent=1)
            assert held["status"]["failures"] == []
            own = [pod for pod in pods if pod["metadata"]["labels"]["kompass.dev/run"] == name]
            assert len(own) == SHARDS + 2, name

    async def run(self, name: str) -> Object:
        """A run."""
        return await self.server.request("GET", f"{self.kinds}/evalruns/{name}")

    @property
    def kinds(self) -> str:
        """Where the kinds of ours are."""
        return f"/apis/{API_VERSION}/namespaces/{self.namespace}"

    async def _is_over(self, name: str) -> bool:
        return "completionTime" in (await self.run(name)).get("status", {})


@pytest.fixture
async def release(
    cluster: Cluster,
    alone: None,
    fresh_namespace: str,
    server: ApiServer,
    root: Path,
    tmp_path: Path,
) -> AsyncIterator[Release]:
    """No operator yet; afterwards the CRDs are those of this checkout again."""
    if cluster.is_current:
        pytest.skip("takes the CRDs away, and this cluster is not ours")
    grant(cluster, fresh_namespace)
    grant_sight(cluster, fresh_namespace)
    login(cluster, fresh_namespace, tmp_path / "kubeconfig")
    chance = random.Random(24)

    def ending(labels: dict[str, str]) -> Ending:
        return replace(well(labels, SHARDS), seconds=chance.uniform(0, 4))

    held = Release(cluster, server, fresh_namespace, tmp_path, root)
    kubelet = asyncio.create_task(PlayedKubelet(server, fresh_namespace, ending).serve())
    yield held
    kubelet.cancel()
    await asyncio.gather(kubelet, return_exceptions=True)
    held.uninstall()
    held.cluster.run(
        *("kubectl", "apply", "--server-side", "--force-conflicts", "-f", str(root / "crds"))
    )


async def test_scenario_24_upgrade_and_rollback_re_run_nothing(
    release: Release, before: Path, root: Path
) -> None:
    await asyncio.to_thread(release.install, before)
    await release.server.request("POST", f"{release.kinds}/modelendpoints", endpoint())
    first = await release.apply("up")
    await asyncio.sleep(6)
    jobs = await release.jobs()
    await asyncio.to_thread(release.install, root)
    await release.finished(first)
    assert jobs.items() <= (await release.jobs()).items()
    await release.assert_undisturbed(first)

    second = await release.apply("back")
    await asyncio.sleep(6)
    jobs = await release.jobs()
    await asyncio.to_thread(release.install, before)
    await release.finished(second)
    assert jobs.items() <= (await release.jobs()).items()
    await release.assert_undisturbed([*first, *second])


async def test_scenario_25_operator_that_comes_back_finds_its_runs(
    release: Release, root: Path
) -> None:
    await asyncio.to_thread(release.install, root)
    await release.server.request("POST", f"{release.kinds}/modelendpoints", endpoint())
    names = await release.apply("kept")
    await asyncio.sleep(4)
    await asyncio.to_thread(release.uninstall)
    jobs = await release.jobs()
    await asyncio.sleep(5)
    assert await release.jobs() == jobs, "what runs, runs on; nobody starts anything"
    await asyncio.to_thread(release.install, root)
    await release.finished(names)
    assert jobs.items() <= (await release.jobs()).items()
    await release.assert_undisturbed(names)


@pytest.mark.parametrize("operated", [True, False], ids=["operator-there", "operator-gone"])
async def test_scenario_25_crds_removed_with_runs_under_way_leave_nothing_stuck(
    release: Release, root: Path, operated: bool
) -> None:
    await asyncio.to_thread(release.install, root)
    await release.server.request("POST", f"{release.kinds}/modelendpoints", endpoint())
    await release.apply("lost")
    await asyncio.sleep(3)
    if not operated:
        await asyncio.to_thread(release.uninstall)
    names = [f"{plural}.kompass.dev" for plural in ("evalruns", "modelendpoints", "benchmarks")]
    delete = ("kubectl", "delete", "crd", "--timeout=60s", *names)
    await asyncio.to_thread(release.cluster.run, *delete)
    with pytest.raises(Refused, match="404"):
        await release.run("lost-0")

    async def are_gone() -> bool:
        return not await release.jobs()

    await eventually(are_gone, seconds=90)
    await asyncio.to_thread(release.install, root)
    await release.server.request("POST", f"{release.kinds}/modelendpoints", endpoint())
    again = await release.apply("again")
    await release.finished(again)
    await release.assert_undisturbed(again)
