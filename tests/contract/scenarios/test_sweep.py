"""The operator dies at every request of a run, before and after it takes effect."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from contract.operator.test_process import endpoint, run
from perils import Died, Moment, Perilous
from unit.operator.world import settings

from clusters import Cluster as Kubernetes
from kompass_api.resources import API_VERSION
from kompass_operator.cluster import Cluster, ClusterError
from kompass_operator.cluster_api import ApiCluster, load_configuration
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.reconciler import Reconciler
from kompass_operator.views import RunKey
from simulation.apiserver import ApiServer, Object
from simulation.kubelet import PlayedKubelet, well

pytestmark = [pytest.mark.soak, pytest.mark.cluster, pytest.mark.timeout(280)]

SHARDS = 3
REQUESTS = 26
"""More than an undisturbed run needs; a test says so."""
TIMES = ("startTime", "completionTime")


class Life:
    """One run's operators: each dies or does not, and the next one begins with what is there."""

    def __init__(
        self, server: ApiServer, cluster: ApiCluster, key: RunKey, fatal: int, moment: Moment
    ) -> None:
        self.server, self.key = server, key
        self.deaths = 0
        self.asked = 0
        self._cluster = cluster
        self._fatal, self._at = fatal, moment
        self._start()

    async def live(self) -> None:
        """Until the run has finished."""
        for _ in range(400):
            await self._look()
            try:
                await self.operator.reconcile(self.key)
            except Died:
                self.deaths += 1
                self._start()
            except ClusterError:
                await asyncio.sleep(0.2)
            if self._is_over():
                return
            await asyncio.sleep(0.1)
        message = f"{self.key.name} does not end: {self.view.objects}"
        raise AssertionError(message)

    def _start(self) -> None:
        self.view = FakeCluster()
        self.operator = Reconciler(
            cast("Cluster", Perilous(self._cluster, self._moment)),
            self.view,
            settings(status_interval_seconds=0),
            lambda: datetime.now(UTC),
        )

    def _moment(self) -> Moment:
        self.asked += 1
        return self._at if self.asked == self._fatal else "never"

    async def _look(self) -> None:
        """What a list of each kind shows now."""
        space, name = self.key
        kinds = f"/apis/{API_VERSION}/namespaces/{space}"
        jobs = f"/apis/batch/v1/namespaces/{space}/jobs?labelSelector=kompass.dev/run={name}"
        found = [
            await self.server.request("GET", f"{kinds}/evalruns/{name}"),
            *(await self.server.items(f"{kinds}/modelendpoints")),
            *({"kind": "Job", **job} for job in await self.server.items(jobs)),
        ]
        self.view.objects = {
            (one.get("kind", "ModelEndpoint"), space, one["metadata"]["name"]): one for one in found
        }
        for one in found:
            self.operator.jobs.seen(one["metadata"]["uid"])

    def _is_over(self) -> bool:
        held = self.view.objects.get(("EvalRun", *self.key), {})
        return "completionTime" in held.get("status", {})


@pytest.fixture
async def real(cluster: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiCluster]:
    """The operator's own client."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, cluster.environment.get(variable, ""))
    held = ApiCluster(await load_configuration(cluster.environment.get("KUBECONFIG")))
    yield held
    await held.close()


@pytest.fixture
async def make(
    server: ApiServer, real: ApiCluster, alone: None, fresh_namespace: str
) -> AsyncIterator[Callable[..., Awaitable[Life]]]:
    """Makes lives in a namespace whose pods end well."""
    kubelet = PlayedKubelet(server, fresh_namespace, lambda labels: well(labels, SHARDS))
    serving = asyncio.create_task(kubelet.serve())
    path = f"/apis/{API_VERSION}/namespaces/{fresh_namespace}"
    await server.request("POST", f"{path}/modelendpoints", endpoint())

    async def made(name: str, fatal: int = 0, moment: Moment = "never") -> Life:
        await server.request("POST", f"{path}/evalruns", run(name, execution={"parallelism": 2}))
        return Life(server, real, RunKey(fresh_namespace, name), fatal, moment)

    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def end_state(server: ApiServer, key: RunKey) -> dict[str, Any]:
    """Everything that a run leaves, without names of its own, times and uids."""
    space, name = key
    chosen = f"labelSelector=kompass.dev/run={name}"
    held = await server.request("GET", f"/apis/{API_VERSION}/namespaces/{space}/evalruns/{name}")
    children: dict[str, list[Object]] = {
        "jobs": await server.items(f"/apis/batch/v1/namespaces/{space}/jobs?{chosen}"),
        "pods": await server.items(f"/api/v1/namespaces/{space}/pods?{chosen}"),
        "configmaps": await server.items(f"/api/v1/namespaces/{space}/configmaps?{chosen}"),
    }
    events = await server.items(
        f"/api/v1/namespaces/{space}/events?fieldSelector=involvedObject.uid={held['metadata']['uid']}"
    )
    status = {key: value for key, value in held["status"].items() if key not in TIMES}
    status["conditions"] = [
        (one["type"], one["status"], one["reason"], one["message"])
        for one in held["status"]["conditions"]
    ]
    text = json.dumps(status).replace(name, "RUN").replace(held["metadata"]["uid"], "UID")
    return {
        "status": json.loads(text),
        "children": {
            kind: sorted(
                one["metadata"]["name"].replace(name, "RUN").split("-", 2)[2][:9] for one in found
            )
            for kind, found in children.items()
        },
        "attempts": sorted(job["status"].get("succeeded", 0) for job in children["jobs"]),
        "events": sorted({event["reason"] for event in events}),
        "annotations": sorted(held["metadata"].get("annotations", {})),
        "finalizers": held["metadata"].get("finalizers", []),
    }


async def test_scenario_02_death_at_any_request_ends_as_an_undisturbed_run(
    make: Callable[..., Awaitable[Life]], server: ApiServer
) -> None:
    calm: Life = await make("calm")
    await calm.live()
    assert SHARDS * 3 < calm.asked < REQUESTS
    wanted = await end_state(server, calm.key)
    assert wanted["status"]["phase"] == "Succeeded"
    points = itertools.product(range(1, calm.asked + 1), ("before", "after"))
    lives: list[Life] = [
        await make(f"at-{fatal}-{moment}", fatal, moment) for fatal, moment in points
    ]
    await asyncio.gather(*(life.live() for life in lives))
    assert [life.key.name for life in lives if life.deaths != 1] == []
    for life in lives:
        found = await end_state(server, life.key)
        # What was said just before a death may not have been announced; nothing is said twice.
        assert set(found.pop("events")) <= set(wanted["events"])
        assert found == {key: value for key, value in wanted.items() if key != "events"}, life.key
