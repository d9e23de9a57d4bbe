"""The development cluster comes up, mends itself, and goes without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = f"test{os.getpid()}"
LOOK = "getent hosts kubernetes.default && echo $KOMPASS_FAKE_GPUS"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "probe"},
    "spec": {
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "probe",
                "image": "localhost:5000/kompass-base:bookworm",
                "command": ["sleep", "3600"],
                "resources": {"limits": {"nvidia.com/gpu": 2}},
            }
        ],
    },
}


def devcluster(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kompass_devcluster", *argv, "--name", NAME],
        env={**os.environ, "PYTHONPATH": str(ROOT / "devcluster")},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )


def pids() -> dict[str, int]:
    rows = [line.split() for line in devcluster("status").stdout.splitlines()]
    return {row[0]: int(row[2]) for row in rows if row[1:2] == ["up"]}


def traces() -> set[str]:
    links = {entry.name for entry in Path("/sys/class/net").iterdir()}
    cgroups = {str(entry) for entry in Path("/sys/fs/cgroup").glob("*/kompass*")}
    mounts = set(Path("/proc/self/mounts").read_text().splitlines())
    return links | cgroups | {mount for mount in mounts if "kompass" in mount}


def kubectl(*argv: str, given: str | None = None) -> str:
    exports = devcluster("env").stdout
    script = f'{exports}\nexec kubectl "$@"'
    command = ["bash", "-c", script, "kubectl", *argv]
    return subprocess.run(command, input=given, text=True, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def traces_before() -> set[str]:
    if os.geteuid() != 0:
        message = "needs root: the development cluster creates namespaces"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return traces()


@pytest.fixture(scope="module", autouse=True)
def cluster(traces_before: set[str]) -> Iterator[None]:
    assert devcluster("up").returncode == 0
    assert devcluster("base-image").stdout.strip() == "localhost:5000/kompass-base:bookworm"
    yield
    devcluster("down", "--purge")


def test_a_pod_resolves_names_and_gets_its_cards() -> None:
    kubectl("create", "--filename=-", given=json.dumps(POD))
    kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=60s")
    address, cards = kubectl("exec", "probe", "--", "sh", "-c", LOOK).splitlines()
    assert address.startswith("10.43.0.1 ")
    assert len(cards.split(",")) == 2


def test_up_again_leaves_what_runs() -> None:
    before = pids()
    assert devcluster("up").returncode == 0
    assert pids() == before


@pytest.mark.parametrize("component", ["kubelet", "containerd", "kube-apiserver", "etcd"])
def test_up_mends_what_was_killed_and_pods_run_on(component: str) -> None:
    os.kill(pids()[component], signal.SIGKILL)
    assert devcluster("up").returncode == 0
    assert component in pids()
    phase, restarts = "{.status.phase}", "{.status.containerStatuses[0].restartCount}"
    assert kubectl("get", "pod", "probe", f"--output=jsonpath={phase} {restarts}") == "Running 0"


def test_down_leaves_no_trace_after_a_crash(traces_before: set[str]) -> None:
    # The node last: with it the kernel ends the others.
    for pid in sorted(pids().values(), reverse=True):
        os.kill(pid, signal.SIGKILL)
    assert devcluster("down").returncode == 0
    deadline = time.monotonic() + 5
    while traces() - traces_before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert traces() - traces_before == set()
    assert devcluster("status").stdout.strip() == f"cluster {NAME}: down"
