"""kubectl for tests: JSON in, JSON out, and waiting for what must come."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


class KubectlError(AssertionError):
    """kubectl refused; the message is its own."""


@dataclass(frozen=True)
class Kube:
    """A cluster, seen through kubectl in one namespace."""

    namespace: str

    def run(self, *args: str, stdin: str | None = None, timeout: float = 120) -> str:
        """What kubectl printed; raises KubectlError with its message otherwise."""
        done = subprocess.run(
            ["kubectl", "--namespace", self.namespace, *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlError(done.stderr.strip())
        return done.stdout

    def apply(self, *manifests: Object) -> None:
        """kubectl apply, with strict validation."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.run("apply", "--validate=strict", "-f", "-", stdin=text)

    def get(self, kind: str, name: str) -> Object:
        """One object."""
        found: Object = json.loads(self.run("get", kind, name, "-o", "json"))
        return found

    def items(self, kind: str, selector: str = "") -> list[Object]:
        """Every object of a kind, or those of a label selector."""
        args = ["get", kind, "-o", "json", *(["-l", selector] if selector else [])]
        found: list[Object] = json.loads(self.run(*args))["items"]
        return found

    def patch(self, kind: str, name: str, patch: Object) -> None:
        """A merge patch."""
        self.run("patch", kind, name, "--type=merge", "-p", json.dumps(patch))


def until(
    condition: Callable[[], object], *, seconds: float, what: str, every: float = 0.5
) -> None:
    """Wait until the condition holds; fail with `what` when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(every)


def condition(run: Object, kind: str) -> Object:
    """A condition of an EvalRun, or an empty one."""
    held: Iterable[Object] = run.get("status", {}).get("conditions", [])
    return next((one for one in held if one["type"] == kind), {"status": "", "message": ""})
