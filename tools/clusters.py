"""The cluster a target works on: the development cluster, or that of the current kubeconfig."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CURRENT: Final = "current"
"""The name that means the cluster of the current kubeconfig."""


_STEP: Final = re.compile(r"^ *[0-9.]+ s  ")
"""A line of the development cluster's that is not a builder's."""


class CommandFailed(Exception):
    """A program said no; its own words are the message."""


@dataclass(frozen=True)
class Cluster:
    """A cluster by name, and the environment in which kubectl and helm reach it."""

    name: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def is_current(self) -> bool:
        """Whether this is the kubeconfig's cluster, in which case nothing of it is ours."""
        return self.name == CURRENT

    def run(self, *argv: str, text: str | None = None) -> str:
        """Run kubectl, helm or another program against the cluster and return what it printed."""
        return output(argv, environment=self.environment, text=text)


def connect(name: str) -> Cluster:
    """Return the cluster of that name, which has to be up."""
    if name == CURRENT:
        return Cluster(name, dict(os.environ))
    exports = devcluster("env", "--name", name)
    printed = output(["bash", "-c", f"{exports}\nenv -0"])
    pairs = (line.partition("=") for line in printed.split("\0") if line)
    return Cluster(name, {key: value for key, _, value in pairs})


def devcluster(*argv: str) -> str:
    """Run a verb of the development cluster and return its result; its steps are shown."""
    path = os.pathsep.join([str(ROOT / "devcluster"), *_given_path()])
    said: deque[str] = deque(maxlen=60)
    with subprocess.Popen(
        [sys.executable, "-m", "kompass_devcluster", *argv],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        for line in running.stderr:
            said.append(line)
            if _STEP.match(line):
                sys.stderr.write(line)
        result = running.stdout.read().strip()
    if running.returncode != 0:
        raise CommandFailed(f"devcluster {argv[0]} failed; its last words:\n{''.join(said)}")
    return result


def output(
    argv: Sequence[str], *, environment: Mapping[str, str] | None = None, text: str | None = None
) -> str:
    """Run a program and return what it printed; its complaint is the error."""
    try:
        done = subprocess.run(
            argv, env=environment, input=text or "", capture_output=True, text=True, check=False
        )
    except FileNotFoundError as missing:
        raise CommandFailed(f"{argv[0]} is not on the PATH: install it and try again") from missing
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise CommandFailed(f"{' '.join(argv[:6])} ended with status {done.returncode}: {said}")
    return done.stdout


def _given_path() -> list[str]:
    given = os.environ.get("PYTHONPATH", "")
    return [given] if given else []
