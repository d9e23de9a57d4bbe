"""The test as kubelet: pods of a real Job controller end as the test says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml
from contract.operator.process import OperatorProcess

from clusters import Cluster, CommandFailed

Object = dict[str, Any]

NO_NODE: Object = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "no-node"},
    # Every container asks for what no node has, so no kubelet takes it.
    "spec": {
        "limits": [
            {
                "type": "Container",
                "default": {"kompass.dev/nothing": "1"},
                "defaultRequest": {"kompass.dev/nothing": "1"},
            }
        ]
    },
}


@dataclass(frozen=True)
class Stage:
    """A namespace, its operator, and hands to play the kubelet."""

    cluster: Cluster
    namespace: str
    operator: OperatorProcess

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return self.cluster.run("kubectl", "-n", self.namespace, *arguments, text=text)

    def apply(self, *manifests: Object) -> None:
        """Create or change objects."""
        self.kubectl("apply", "-f", "-", text=yaml.safe_dump_all(manifests))

    def get(self, kind: str, name: str) -> Object:
        """An object."""
        return dict(json.loads(self.kubectl("get", kind, name, "-o", "json")))

    def items(self, kind: str, selector: str = "") -> list[Object]:
        """Objects with these labels."""
        chosen = ["-l", selector] if selector else []
        return list(json.loads(self.kubectl("get", kind, *chosen, "-o", "json"))["items"])

    def condition(self, run: str, wanted: str) -> tuple[str, str, str]:
        """Status, reason and message of a condition; empty before it is set."""
        held = self.get("evalrun", run).get("status", {}).get("conditions", [])
        found = next((one for one in held if one["type"] == wanted), None)
        return (found["status"], found["reason"], found["message"]) if found else ("", "", "")

    def wait_for(self, run: str, wanted: str, status: str, seconds: float = 30) -> str:
        """Wait for a condition; returns its reason."""
        self.until(lambda: self.condition(run, wanted)[0] == status, seconds=seconds)
        return self.condition(run, wanted)[1]

    def until(self, claim: Callable[[], object], seconds: float = 30) -> None:
        """Wait until the claim holds."""
        end = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < end, (
                f"it did not come to be; log:\n{self.operator.log[-3000:]}"
            )
            time.sleep(0.1)

    def open_pod(self, run: str, stage: str, shard: int | None = None) -> str:
        """Name of the pod that waits to run; waits until there is one."""
        selector = f"kompass.dev/run={run},kompass.dev/stage={stage}"
        if shard is not None:
            selector += f",kompass.dev/shard={shard}"
        found: list[str] = []

        def there() -> bool:
            found[:] = [
                pod["metadata"]["name"]
                for pod in self.items("pods", selector)
                if pod["status"].get("phase") == "Pending"
                and "deletionTimestamp" not in pod["metadata"]
            ]
            return bool(found)

        self.until(there)
        return found[0]

    def end_pod(
        self, name: str, code: int = 0, message: str = "{}", reason: str | None = None
    ) -> None:
        """The pod's container ended."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = {
            "exitCode": code,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "message": message,
            "startedAt": now,
            "finishedAt": now,
        }
        self.pod_status(name, "Succeeded" if code == 0 else "Failed", {"terminated": ended})

    def pod_status(self, name: str, phase: str, state: Object) -> None:
        """Replace a pod's status."""
        container = {
            "name": "worker",
            "image": "x",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        patch = json.dumps({"status": {"phase": phase, "containerStatuses": [container]}})
        self.kubectl("patch", "pod", name, "--subresource=status", "--type=merge", "-p", patch)

    def bind(self, pod: str) -> None:
        """A scheduler found a node; no kubelet serves it."""
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "nowhere"},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/binding"
        self.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(binding))

    def play(self, run: str, messages: dict[str, str]) -> None:
        """End every pod well, as long as the run goes on."""
        for pod in self.items("pods", f"kompass.dev/run={run}"):
            if pod["status"].get("phase") != "Pending":
                continue
            stage = pod["metadata"]["labels"]["kompass.dev/stage"]
            try:
                self.end_pod(pod["metadata"]["name"], 0, messages.get(stage, "{}"))
            except CommandFailed:
                # It was deleted meanwhile.
                continue
