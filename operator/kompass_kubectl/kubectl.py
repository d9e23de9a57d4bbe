"""The cluster through kubectl itself: whoever may use kubectl may use this, however they log in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kompass_kubectl.runs import Run, read_run

KIND = "evalruns.kompass.dev"


class KubectlFailed(Exception):
    """kubectl said no; its own words are the message."""


class Runner(Protocol):
    """Runs kubectl."""

    def output(self, arguments: Sequence[str]) -> str:
        """What it printed; KubectlFailed where it failed."""

    def through(self, arguments: Sequence[str]) -> int:
        """Let it print to the terminal; its exit status."""


class Program:
    """The kubectl of the PATH."""

    def output(self, arguments: Sequence[str]) -> str:
        """What it printed; KubectlFailed where it failed."""
        done = subprocess.run(
            [self._path(), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise KubectlFailed(done.stderr.strip() or f"kubectl ended with {done.returncode}")
        return done.stdout

    def through(self, arguments: Sequence[str]) -> int:
        """Let it print to the terminal; its exit status."""
        sys.stdout.flush()
        return subprocess.run([self._path(), *arguments], check=False).returncode

    def _path(self) -> str:
        found = shutil.which("kubectl")
        if found is None:
            raise KubectlFailed("there is no kubectl on the PATH")
        return found


@dataclass(frozen=True)
class Place:
    """Which cluster and namespace: the same flags as kubectl's."""

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None

    def flags(self) -> list[str]:
        """The flags for kubectl."""
        given = (
            ("--namespace", self.namespace),
            ("--context", self.context),
            ("--kubeconfig", self.kubeconfig),
        )
        return [f"{flag}={value}" for flag, value in given if value]


@dataclass(frozen=True)
class Cluster:
    """Runs of a cluster."""

    runner: Runner
    place: Place

    def run(self, name: str) -> Run:
        """One run."""
        return read_run(self._json("get", KIND, name))

    def runs(self, *, everywhere: bool = False) -> list[Run]:
        """The runs of the namespace, or of all."""
        scope = ["--all-namespaces"] if everywhere else []
        return [read_run(body) for body in self._json("get", KIND, *scope)["items"]]

    def patch(self, name: str, spec: dict[str, Any]) -> None:
        """Change fields of a run's spec."""
        patch = json.dumps({"spec": spec})
        self._output("patch", KIND, name, "--type=merge", f"--patch={patch}")

    def delete(self, name: str) -> None:
        """Delete a run, and with it its Jobs."""
        self._output("delete", KIND, name, "--wait=false")

    def through(self, *arguments: str) -> int:
        """Let kubectl print to the terminal; its exit status."""
        return self.runner.through([*arguments, *self.place.flags()])

    def _json(self, *arguments: str) -> dict[str, Any]:
        return dict(json.loads(self._output(*arguments, "--output=json")))

    def _output(self, *arguments: str) -> str:
        return self.runner.output([*arguments, *self.place.flags()])
