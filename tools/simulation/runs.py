"""Runs for figures: applied, and followed from their first Job to their end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from simulation.apiserver import ApiServer, Object, Refused

KINDS = "/apis/kompass.dev/v1alpha1"
FINISHED = {"type": "Finished", "status": "True"}


@dataclass
class Times:
    """Moments of a run, in seconds of one monotonic clock."""

    applied: float = 0.0
    first_job: float = 0.0
    last_job: float = 0.0
    """When its newest Job appeared."""
    last_job_end: float = 0.0
    finished: float = 0.0
    jobs: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Follower:
    """Sees when Jobs of runs appear and end, and when runs finish, in all namespaces."""

    def __init__(self, server: ApiServer) -> None:
        self.times: dict[tuple[str, str], Times] = {}
        self.job_ends: list[float] = []
        """When each Job ended, runs' or not."""
        self.phases: Counter[str] = Counter()
        self._server = server
        self._job_ended = asyncio.Event()

    async def ends(self, count: int) -> None:
        """Wait until so many Jobs have ended since the beginning."""
        while len(self.job_ends) < count:
            self._job_ended.clear()
            await self._job_ended.wait()

    async def jobs(self) -> None:
        """Until cancelled."""
        ended: set[str] = set()
        async for kind, job in self._server.watch("/apis/batch/v1/jobs"):
            now, meta = time.monotonic(), job["metadata"]
            name = meta.get("labels", {}).get("kompass.dev/run", "")
            times = self.times.get((meta["namespace"], name))
            if kind == "ADDED" and times is not None:
                times.first_job = times.first_job or now
                times.last_job = now
                times.jobs += 1
            if "completionTime" in job.get("status", {}) and meta["uid"] not in ended:
                ended.add(meta["uid"])
                self.job_ends.append(now)
                self._job_ended.set()
                if times is not None and not times.finished:
                    times.last_job_end = now

    async def runs(self) -> None:
        """Until cancelled."""
        async for _, run in self._server.watch(f"{KINDS}/evalruns"):
            meta, status = run["metadata"], run.get("status", {})
            times = self.times.get((meta["namespace"], meta["name"]))
            held = status.get("conditions", [])
            ended = any(FINISHED.items() <= one.items() for one in held)
            if times is not None and ended and not times.finished:
                times.finished = time.monotonic()
                self.phases[status["phase"]] += 1
                times.done.set()

    async def apply(self, namespace: str, name: str, parallelism: int) -> Times:
        """Create a run."""
        times = self.times[namespace, name] = Times(applied=time.monotonic())
        await self._server.request(
            "POST", f"{KINDS}/namespaces/{namespace}/evalruns", run_of(name, parallelism)
        )
        return times

    async def through(
        self, namespace: str, name: str, parallelism: int = 8, seconds: float = 600
    ) -> Times:
        """Create a run and wait until it has finished."""
        times = await self.apply(namespace, name, parallelism)
        await asyncio.wait_for(times.done.wait(), seconds)
        return times


def run_of(name: str, parallelism: int) -> Object:
    """An EvalRun of the endpoint that `prepared` makes."""
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": name},
        "spec": {
            "models": [{"name": "m"}],
            "benchmarks": [{"name": "ceval-gen"}],
            "execution": {"parallelism": parallelism},
        },
    }


async def prepared(server: ApiServer, shards: int) -> str:
    """A namespace whose plans have so many shards; empty, should there have been one."""
    name = f"scale-{shards}"
    await removed(server, name)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    await server.request("POST", "/api/v1/namespaces", namespace)
    endpoint = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": "m"},
        "spec": {"source": {"uri": "s3://bucket/model"}},
    }
    await server.request("POST", f"{KINDS}/namespaces/{name}/modelendpoints", endpoint)
    return name


async def removed(server: ApiServer, namespace: str) -> None:
    """Delete a namespace and wait until it is gone."""
    try:
        await server.request("DELETE", f"/api/v1/namespaces/{namespace}")
        while True:
            await server.request("GET", f"/api/v1/namespaces/{namespace}")
            await asyncio.sleep(1)
    except Refused as refusal:
        if refusal.status != 404:  # noqa: PLR2004  (not found)
            raise
