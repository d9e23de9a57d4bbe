"""Nodes and pods played by kwok; the control plane's own controllers stay real."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from clusters import devcluster
from simulation.apiserver import ApiServer, Object, Refused

STAGES: Final = Path(__file__).with_name("kwok_stages.yaml")
MARK: Final = "kwok.x-k8s.io/node"
_START_SECONDS: Final = 60.0


@contextlib.asynccontextmanager
async def played_nodes(
    server: ApiServer, kubeconfig: Path, count: int, log: Path
) -> AsyncIterator[None]:
    """So many nodes of kwok's, and no other that takes pods, until the block ends."""
    kwok = devcluster("extra", "kwok")
    others = await server.items("/api/v1/nodes")
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *(kwok, f"--kubeconfig={kubeconfig}", f"--config={STAGES}"),
            *(f"--manage-nodes-with-annotation-selector={MARK}=fake", "--cidr=10.96.0.0/12"),
            *("--server-address=", "--node-lease-duration-seconds=40"),
            stdout=stream,
            stderr=stream,
        )
    try:
        for node in others:
            await _cordon(server, node, unschedulable=True)
        await asyncio.gather(*(_make(server, number) for number in range(count)))
        await _ready(server, count)
        yield
    finally:
        for number in range(count):
            with contextlib.suppress(Refused):
                await server.request("DELETE", f"/api/v1/nodes/{_name(number)}")
        for node in others:
            await _cordon(server, node, unschedulable=False)
        process.terminate()
        await process.wait()


def _name(number: int) -> str:
    return f"played-{number}"


async def _make(server: ApiServer, number: int) -> None:
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": _name(number),
            "annotations": {MARK: "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {"kubernetes.io/hostname": _name(number), "type": "kwok"},
        },
    }
    await server.request("POST", "/api/v1/nodes", node)


async def _ready(server: ApiServer, count: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        nodes = await server.items("/api/v1/nodes?labelSelector=type=kwok")
        ready = [node for node in nodes if _takes_pods(node)]
        if len(ready) == count:
            return
        if time.monotonic() > end:
            message = f"only {len(ready)} of {count} nodes of kwok's take pods"
            raise TimeoutError(message)
        await asyncio.sleep(0.5)


def _takes_pods(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    is_ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return is_ready and not node["spec"].get("taints")


async def _cordon(server: ApiServer, node: Object, *, unschedulable: bool) -> None:
    path = f"/api/v1/nodes/{node['metadata']['name']}"
    await server.request("PATCH", path, {"spec": {"unschedulable": unschedulable}})
