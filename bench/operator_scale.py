"""What the operator costs and how fast it is at scale: pods on kwok's nodes, all else real.

Usage: python bench/operator_scale.py [--scale 1.0] [--slope-minutes 0] [--kubelet kwok|played]
Needs KUBECONFIG with a client certificate (make cluster-up) and the CRDs installed; no operator may
be running in the cluster. `--scale 0.1` is a tenth of everything, to try it out; `--kubelet played`
ends the pods from this process, where kwok is not wanted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults.proxy import Proxy
from faults.upstream import Upstream, leading_to
from simulation.apiserver import ApiServer, Object, Refused
from simulation.kubelet import PlayedKubelet, well
from simulation.kwok import played_nodes
from simulation.operator import PlayedOperator
from simulation.runs import KINDS, Follower, Times, prepared, removed

NODES = 50
AT_A_TIME = 20
"""Requests of the plain script under way, as many as the operator has."""


@dataclass
class Bench:
    """What every figure needs."""

    server: ApiServer
    proxy: Proxy
    operator: PlayedOperator
    follower: Follower
    scale: float
    kubelets: Callable[[str, int], Awaitable[None]]
    """Makes sure that the pods of a namespace with so many shards a plan end."""
    namespaces: list[str] = field(default_factory=list)

    def many(self, count: int) -> int:
        """A number of things, at this scale."""
        return max(1, round(count * self.scale))

    async def namespace(self, shards: int) -> str:
        """An empty namespace with so many shards a plan."""
        name = await prepared(self.server, shards)
        self.namespaces.append(name)
        await self.kubelets(name, shards)
        return name


async def start_up(bench: Bench) -> Object:
    """Seconds from the process's start until every watch is open."""
    seconds = []
    for _ in range(5):
        seconds.append(await bench.operator.start())
        await bench.operator.kill()
    return {"start_seconds": spread(seconds)}


async def idle(bench: Bench) -> Object:
    """Runs one after the other: how soon the first Job comes, and the end after the last one's."""
    namespace = await bench.namespace(8)
    held = [
        await bench.follower.through(namespace, f"idle-{number}")
        for number in range(bench.many(50))
    ]
    return {
        "idle_apply_to_first_job_seconds": spread([one.first_job - one.applied for one in held]),
        "idle_terminal_lag_seconds": spread(lags(held)),
    }


async def burst(bench: Bench) -> Object:
    """Fifty runs at once."""
    namespace = await bench.namespace(8)
    names = [f"burst-{number}" for number in range(bench.many(50))]
    held = await asyncio.gather(*(bench.follower.through(namespace, name) for name in names))
    return {
        "burst_apply_to_first_job_seconds": spread([one.first_job - one.applied for one in held]),
        "burst_terminal_lag_seconds": spread(lags(held)),
    }


async def creation(bench: Bench) -> Object:
    """1,600 shards as Jobs of sixteen runs: from the first plan's end to the last shard's Job."""
    namespace = await bench.namespace(100)
    names = [f"wide-{number}" for number in range(bench.many(16))]
    began = time.monotonic()
    held = await asyncio.gather(*(bench.follower.through(namespace, name, 100) for name in names))
    # The last Job of a run is its summary.
    shards = sum(one.jobs - 2 for one in held)
    created = max(one.last_job for one in held) - began
    return {"shards_created": shards, "shards_created_seconds": round(created, 2)}


async def throughput(bench: Bench) -> Object:
    """Many runs at once, and the same Jobs from a plain script; both from apply to the last end."""
    namespace = await bench.namespace(8)
    count, before = bench.many(200), Counter(bench.proxy.counts)
    cpu = bench.operator.cpu_seconds()
    ours = await _jobs_per_second(
        bench,
        asyncio.gather(
            *(bench.follower.through(namespace, f"load-{number}") for number in range(count))
        ),
    )
    asked = bench.proxy.counts - before
    held = [bench.follower.times[namespace, f"load-{number}"] for number in range(count)]
    cpu = bench.operator.cpu_seconds() - cpu
    plain = await _plain(bench, namespace)
    asked = Counter({kind: n for kind, n in asked.items() if not kind.startswith("WATCH")})
    seconds = statistics.mean(one.finished - one.applied for one in held)
    return {
        "load_runs": count,
        "load_jobs_per_second": round(ours, 1),
        "plain_jobs_per_second": round(plain, 1),
        "load_ratio": round(ours / plain, 3),
        "load_terminal_lag_seconds": spread(lags(held)),
        "requests_per_shard": round(asked.total() / (8 * count), 2),
        "requests": dict(asked.most_common()),
        "status_writes_per_run": round(asked["PATCH evalruns/status"] / count, 2),
        "status_writes_allowed_per_run": round(2 + seconds / 10, 2),
        "run_seconds_mean": round(seconds, 1),
        "operator_cpu_seconds_per_1000_shards": round(cpu / (8 * count) * 1000, 1),
    }


async def size(bench: Bench) -> Object:
    """Bytes of an EvalRun with 1,000 shards, as the API server stores it."""
    namespace = await bench.namespace(1000)
    await bench.follower.through(namespace, "large", 512)
    held = await bench.server.request("GET", f"{KINDS}/namespaces/{namespace}/evalruns/large")
    return {"evalrun_bytes_at_1000_shards": len(json.dumps(held, separators=(",", ":")))}


async def memory(bench: Bench) -> Object:
    """Memory beside 2,000 Jobs of runs and 20,000 pods of others."""
    await _foreign_pods(bench, bench.many(20_000))
    await asyncio.sleep(10)
    jobs = await bench.server.items("/apis/batch/v1/jobs?labelSelector=kompass.dev/run")
    return {"jobs_held": len(jobs), "rss_mib": round(bench.operator.resident_mebibytes(), 1)}


async def slope(bench: Bench, minutes: int) -> Object:
    """How memory grows while runs come and go."""
    namespace = await bench.namespace(4)
    held: list[tuple[float, float]] = []
    began, number = time.monotonic(), 0
    while time.monotonic() - began < minutes * 60:
        names = [f"churn-{number}-{n}" for n in range(5)]
        await asyncio.gather(*(bench.follower.through(namespace, name) for name in names))
        await bench.server.request("DELETE", f"{KINDS}/namespaces/{namespace}/evalruns")
        held.append((time.monotonic() - began, bench.operator.resident_mebibytes()))
        number += 1
    warm = [one for one in held if one[0] > minutes * 20]
    per_second, _ = statistics.linear_regression(*zip(*warm, strict=True))
    return {
        "slope_mib_per_hour": round(per_second * 3600, 2),
        "slope_minutes": minutes,
        "slope_runs": 5 * number,
    }


async def restart(bench: Bench) -> Object:
    """Killed with everything there: until a run that was applied meanwhile has its Job."""
    namespace = await bench.namespace(2)
    await bench.operator.kill()
    times = await bench.follower.apply(namespace, "meanwhile", 2)
    jobs = len(await bench.server.items("/apis/batch/v1/jobs?labelSelector=kompass.dev/run"))
    began = time.monotonic()
    watching = await bench.operator.start()
    await asyncio.wait_for(times.done.wait(), 120)
    after = len(await bench.server.items("/apis/batch/v1/jobs?labelSelector=kompass.dev/run"))
    return {
        "restart_beside_jobs": jobs,
        "restart_watching_seconds": round(watching, 2),
        "restart_to_steady_seconds": round(times.first_job - began, 2),
        "restart_jobs_made_twice": after - jobs - 4,
    }


async def measure(arguments: argparse.Namespace) -> Object:
    """Every figure, one after the other."""
    figures: Object = {"scale": arguments.scale, "kubelet": arguments.kubelet, **_where()}
    async with _bench(arguments) as bench:
        figures |= {"kubernetes": (await bench.server.request("GET", "/version"))["gitVersion"]}
        figures |= await start_up(bench)
        await bench.operator.start()
        figures["rss_mib_at_start"] = round(bench.operator.resident_mebibytes(), 1)
        for figure in (idle, burst, creation, throughput, size, memory, restart):
            found = await figure(bench)
            sys.stderr.write(f"{figure.__name__}: {json.dumps(found)}\n")
            figures |= found
            await _clear(bench, figure)
        if arguments.slope_minutes:
            figures |= await slope(bench, arguments.slope_minutes)
        figures["phases"] = dict(bench.follower.phases)
    return figures


async def _clear(bench: Bench, figure: Callable[[Bench], Awaitable[Object]]) -> None:
    """The Jobs of the throughput stay, for the figures of memory and restart."""
    if figure in (throughput, size, memory):
        return
    while bench.namespaces:
        await removed(bench.server, bench.namespaces.pop())


@contextlib.asynccontextmanager
async def _bench(arguments: argparse.Namespace) -> AsyncIterator[Bench]:
    kubeconfig = Path(os.environ["KUBECONFIG"])
    upstream = Upstream.of_kubeconfig(kubeconfig)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(ApiServer(upstream))
        proxy = await stack.enter_async_context(Proxy(upstream))
        (folder / "kubeconfig").write_text(leading_to(proxy.url, kubeconfig))
        operator = PlayedOperator(proxy, folder / "kubeconfig", folder / "operator.log")
        follower = Follower(server)
        tasks = [asyncio.create_task(work) for work in (follower.jobs(), follower.runs())]
        for task in tasks:
            stack.callback(task.cancel)
        if arguments.kubelet == "kwok":
            nodes = played_nodes(server, kubeconfig, NODES, folder / "kwok.log")
            await stack.enter_async_context(nodes)
        bench = Bench(
            server, proxy, operator, follower, arguments.scale, _kubelets(arguments, server, stack)
        )
        stack.push_async_callback(_end, bench)
        yield bench


def _kubelets(
    arguments: argparse.Namespace, server: ApiServer, stack: contextlib.AsyncExitStack
) -> Callable[[str, int], Awaitable[None]]:
    async def serve(namespace: str, shards: int) -> None:
        if arguments.kubelet == "played":
            kubelet = PlayedKubelet(server, namespace, lambda labels: well(labels, shards))
            task = asyncio.create_task(kubelet.serve())
            stack.callback(task.cancel)

    return serve


async def _end(bench: Bench) -> None:
    for namespace in [*bench.namespaces, "scale-foreign", "scale-plain"]:
        with contextlib.suppress(Refused):
            await bench.server.request("DELETE", f"/api/v1/namespaces/{namespace}")
    if bench.operator.process is not None and bench.operator.process.returncode is None:
        await bench.operator.kill()


async def _jobs_per_second(bench: Bench, work: Awaitable[object]) -> float:
    ended, began = len(bench.follower.job_ends), time.monotonic()
    await work
    ends = bench.follower.job_ends[ended:]
    return len(ends) / (max(ends) - began)


async def _plain(bench: Bench, namespace: str) -> float:
    """The Jobs that the operator made, made by a plain script."""
    held = await bench.server.items(f"/apis/batch/v1/namespaces/{namespace}/jobs")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "scale-plain"}}
    await bench.server.request("POST", "/api/v1/namespaces", space)
    await bench.kubelets("scale-plain", 8)
    limit = asyncio.Semaphore(AT_A_TIME)
    ended = len(bench.follower.job_ends)

    async def create(job: Object) -> None:
        async with limit:
            path = "/apis/batch/v1/namespaces/scale-plain/jobs"
            await bench.server.request("POST", path, plain_job(job))

    async def all_of_them() -> None:
        await asyncio.gather(*(create(job) for job in held))
        await bench.follower.ends(ended + len(held))

    per_second = await _jobs_per_second(bench, all_of_them())
    await removed(bench.server, "scale-plain")
    return per_second


def plain_job(job: Object) -> Object:
    """The same Job without an owner, and without what the API server added."""
    spec = copy.deepcopy(job["spec"])
    for added in ("selector", "manualSelector"):
        spec.pop(added, None)
    generated = ("controller-uid", "job-name")
    labels = spec["template"]["metadata"]["labels"]
    spec["template"]["metadata"]["labels"] = {
        key: value for key, value in labels.items() if not key.endswith(generated)
    }
    # Not a run's: the operator has nothing to do with it.
    del spec["template"]["metadata"]["labels"]["kompass.dev/run-uid"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job["metadata"]["name"]},
        "spec": spec,
    }


async def _foreign_pods(bench: Bench, count: int) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "scale-foreign"}}
    await bench.server.request("POST", "/api/v1/namespaces", space)
    bench.namespaces.append("scale-foreign")
    limit = asyncio.Semaphore(2 * AT_A_TIME)

    async def create(number: int) -> None:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"foreign-{number}"},
            "spec": {
                # Nobody schedules it: it is there, and that is all.
                "schedulerName": "nobody",
                "containers": [{"name": "c", "image": "none.invalid/x"}],
            },
        }
        async with limit:
            await bench.server.request("POST", "/api/v1/namespaces/scale-foreign/pods", pod)

    # The namespace's account is made a moment after the namespace.
    await asyncio.sleep(3)
    await asyncio.gather(*(create(number) for number in range(count)))


def lags(held: Sequence[Times]) -> list[float]:
    """Seconds from the end of a run's last Job to Finished=True."""
    return [max(0.0, one.finished - one.last_job_end) for one in held]


def spread(seconds: Sequence[float]) -> Object:
    """Median, 99th percentile and largest."""
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
        "max": round(ordered[-1], 3),
    }


def _where() -> Object:
    return {"cores": os.cpu_count(), "python": platform.python_version()}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--slope-minutes", type=int, default=0)
    parser.add_argument("--kubelet", choices=["kwok", "played"], default="kwok")
    figures = asyncio.run(measure(parser.parse_args()))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
