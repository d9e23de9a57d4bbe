"""What the operator costs: latency, requests and memory, with pods that end at once.

Usage: python bench/operator_latency.py [--runs 50] [--memory-runs 200] [--shards 8]
Needs KUBECONFIG with a client certificate (make cluster-up) and the CRDs installed; no operator may
be running in the cluster.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from apiserver import ApiServer, Object
from counting_proxy import CountingProxy
from finishing_kubelet import FinishingKubelet

NAMESPACE = "kompass-bench"
RUNS = f"/apis/kompass.dev/v1alpha1/namespaces/{NAMESPACE}/evalruns"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
ENDPOINTS = f"/apis/kompass.dev/v1alpha1/namespaces/{NAMESPACE}/modelendpoints"


@dataclass
class Times:
    """Moments of a run, in seconds of one monotonic clock."""

    applied: float = 0
    first_job: float = 0
    last_job_end: float = 0
    finished: float = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Watcher:
    """Sees when Jobs appear and end, and when runs finish."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self.times: dict[str, Times] = {}

    async def jobs(self) -> None:
        """Until cancelled."""
        async for kind, job in self._server.watch(JOBS):
            times = self.times.get(job["metadata"]["labels"].get("kompass.dev/run", ""))
            if times is None:
                continue
            if kind == "ADDED" and not times.first_job:
                times.first_job = time.monotonic()
            if kind == "MODIFIED" and "completionTime" in job.get("status", {}):
                times.last_job_end = times.last_job_end if times.finished else time.monotonic()

    async def runs(self) -> None:
        """Until cancelled."""
        async for _, run in self._server.watch(RUNS):
            times = self.times.get(run["metadata"]["name"])
            held = run.get("status", {}).get("conditions", [])
            ended = any(one["type"] == "Finished" and one["status"] == "True" for one in held)
            if times is not None and ended and not times.finished:
                times.finished = time.monotonic()
                times.done.set()


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Every figure, in one operator process."""
    kubeconfig = Path(os.environ["KUBECONFIG"])
    async with ApiServer(kubeconfig) as server, contextlib.AsyncExitStack() as stack:
        await _prepare(server)
        stack.push_async_callback(_remove, server)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        proxy = CountingProxy(server)
        await proxy.start(folder / "kubeconfig")
        stack.push_async_callback(proxy.stop)
        watcher = Watcher(server)
        kubelet = FinishingKubelet(server, NAMESPACE, arguments.shards)
        for work in (watcher.jobs(), watcher.runs(), kubelet.serve()):
            task = asyncio.create_task(work)
            stack.callback(task.cancel)
        operator = await _operator(folder / "kubeconfig", folder / "operator.log")
        stack.callback(operator.terminate)
        await asyncio.sleep(5)
        return await _figures(arguments, server, proxy, watcher, operator.pid)


async def _figures(
    arguments: argparse.Namespace,
    server: ApiServer,
    proxy: CountingProxy,
    watcher: Watcher,
    pid: int,
) -> dict[str, object]:
    process = psutil.Process(pid)
    at_start = process.memory_info().rss
    for index in range(arguments.runs):
        await _one(server, watcher, f"idle-{index}")
    single = list(watcher.times.values())
    before = Counter(proxy.counts)
    names = [f"load-{index}" for index in range(arguments.memory_runs - arguments.runs)]
    for start in range(0, len(names), 10):
        await asyncio.gather(*(_one(server, watcher, name) for name in names[start : start + 10]))
    after = proxy.counts - before
    shards = len(names) * arguments.shards
    return {
        "runs": arguments.memory_runs,
        "shards_per_run": arguments.shards,
        "apply_to_first_job_seconds": _spread([t.first_job - t.applied for t in single]),
        "last_job_end_to_finished_seconds": _spread([t.finished - t.last_job_end for t in single]),
        "requests_per_shard": round(sum(after.values()) / shards, 2),
        "requests": dict(after.most_common()),
        "rss_mib_at_start": round(at_start / 2**20, 1),
        "rss_mib_after": round(process.memory_info().rss / 2**20, 1),
    }


async def _one(server: ApiServer, watcher: Watcher, name: str) -> None:
    times = watcher.times[name] = Times()
    times.applied = time.monotonic()
    await server.request("POST", RUNS, _run(name))
    await asyncio.wait_for(times.done.wait(), 180)


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
        "max": round(ordered[-1], 3),
    }


def _run(name: str) -> Object:
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": name},
        "spec": {
            "models": [{"name": "m"}],
            "benchmarks": [{"name": "ceval-gen"}],
            "execution": {"parallelism": 8},
            "storage": {"uri": "s3://bucket/prefix"},
        },
    }


async def _prepare(server: ApiServer) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    await server.request("POST", "/api/v1/namespaces", namespace)
    endpoint = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": "m"},
        "spec": {"source": {"uri": "s3://bucket/model"}},
    }
    await server.request("POST", ENDPOINTS, endpoint)
    # No pod may start: the figures are about the operator alone.
    await _cordon(server, unschedulable=True)


async def _remove(server: ApiServer) -> None:
    await _cordon(server, unschedulable=False)
    await server.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


async def _cordon(server: ApiServer, *, unschedulable: bool) -> None:
    for node in (await server.request("GET", "/api/v1/nodes"))["items"]:
        path = f"/api/v1/nodes/{node['metadata']['name']}"
        await server.request("PATCH", path, {"spec": {"unschedulable": unschedulable}})


async def _operator(kubeconfig: Path, log: Path) -> asyncio.subprocess.Process:
    with log.open("w") as stream:
        return await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "kompass-operator"),
            env={
                **os.environ,
                "KUBECONFIG": str(kubeconfig),
                "KOMPASS_WORKER_IMAGE": "bench:none",
                "KOMPASS_WATCH_NAMESPACES": f'["{NAMESPACE}"]',
            },
            stdout=stream,
            stderr=stream,
        )


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--memory-runs", type=int, default=200)
    parser.add_argument("--shards", type=int, default=8)
    sys.stdout.write(json.dumps(asyncio.run(measure(parser.parse_args())), indent=2) + "\n")


if __name__ == "__main__":
    main()
