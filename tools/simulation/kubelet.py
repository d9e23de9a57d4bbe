"""Ends the pods of runs as a worker would, without running them.

The Job controller, the garbage collector and the API server are real; only the pods' work is left
out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from simulation.apiserver import ApiServer, Object, Refused

DIGEST: Final = f"sha256:{'0' * 64}"
_GONE_OR_CHANGED: Final = (404, 409)


@dataclass(frozen=True)
class Ending:
    """How a pod ends."""

    code: int = 0
    message: str = "{}"
    seconds: float = 0.0
    """How long it takes."""


def well(labels: dict[str, str], shards: int) -> Ending:
    """As a worker's pod does that had nothing to complain of; a plan has so many shards."""
    stage = labels["kompass.dev/stage"]
    if stage == "plan":
        models = [{"name": "m", "shards": shards}]
        said: Object = {"plan": {"models": models, "items": 100, "digest": DIGEST}}
        return Ending(message=json.dumps(said))
    if stage == "summarize":
        items = {"planned": 100, "answered": 100, "unscored": 0}
        report = {"uri": "s3://b/r", "digest": DIGEST, "items": items, "headline": []}
        return Ending(message=json.dumps({"report": report}))
    return Ending()


@dataclass
class PlayedKubelet:
    """Ends every pod of a run in a namespace as `ending` says of its labels; None: not yet."""

    server: ApiServer
    namespace: str
    ending: Callable[[dict[str, str]], Ending | None]
    ended: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self) -> None:
        """Until cancelled."""
        path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector=kompass.dev/run"
        try:
            async for kind, pod in self.server.watch(path):
                if kind == "ADDED" and pod.get("status", {}).get("phase") == "Pending":
                    self._begin(pod)
        finally:
            for task in self._tasks:
                task.cancel()

    def _begin(self, pod: Object) -> None:
        ending = self.ending(pod["metadata"]["labels"])
        if ending is not None:
            task = asyncio.create_task(self._end(pod, ending))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _end(self, pod: Object, ending: Ending) -> None:
        await asyncio.sleep(ending.seconds)
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}/status"
        try:
            await self.server.request("PATCH", path, {"status": ended_status(pod, ending)})
        except Refused as refusal:
            # Its Job was deleted meanwhile.
            if refusal.status not in _GONE_OR_CHANGED:
                raise
        else:
            self.ended += 1


def ended_status(pod: Object, ending: Ending) -> Object:
    """The status of a pod whose containers have ended."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    terminated = {
        "exitCode": ending.code,
        "message": ending.message,
        "reason": "Completed" if ending.code == 0 else "Error",
        "startedAt": now,
        "finishedAt": now,
    }
    return {
        "phase": "Succeeded" if ending.code == 0 else "Failed",
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"terminated": terminated},
            }
            for container in pod["spec"]["containers"]
        ],
    }
