"""An operator as a process of its own, with no more rights than it says it needs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from clusters import Cluster
from kompass_operator.permissions import CLUSTER_PERMISSIONS, PERMISSIONS, Permission

ACCOUNT = "kompass-operator"

PATIENCE = {
    "KOMPASS_REFERENCE_GRACE_SECONDS": "10",
    "KOMPASS_POD_GRACE_SECONDS": "4",
    "KOMPASS_POD_CHECK_SECONDS": "1",
    "KOMPASS_STATUS_INTERVAL_SECONDS": "1",
}


def grant(cluster: Cluster, namespace: str) -> None:
    """A service account in the namespace, with exactly the operator's rights there."""
    meta = {"name": ACCOUNT, "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": meta,
            "rules": _rules(PERMISSIONS),
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", **meta}],
        },
    ]
    cluster.run("kubectl", "apply", "-f", "-", text=yaml.safe_dump_all(objects))


def grant_sight(cluster: Cluster, namespace: str) -> None:
    """The rights of the same account in the whole cluster; they go by `withdraw_sight`."""
    name, group = f"{ACCOUNT}-{namespace}", "rbac.authorization.k8s.io"
    objects = [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": _rules(CLUSTER_PERMISSIONS),
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
        },
    ]
    cluster.run("kubectl", "apply", "-f", "-", text=yaml.safe_dump_all(objects))


def withdraw_sight(cluster: Cluster, namespace: str) -> None:
    """Take the rights in the whole cluster away."""
    name = f"{ACCOUNT}-{namespace}"
    cluster.run("kubectl", "delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found")


def _rules(permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    return [
        {"apiGroups": [held.group], "resources": [held.resource], "verbs": list(held.verbs)}
        for held in permissions
    ]


def login(cluster: Cluster, namespace: str, path: Path) -> None:
    """Write a kubeconfig that knows the account's token and nothing else."""
    shown = cluster.run("kubectl", "config", "view", "--raw", "--minify", "-o", "json")
    config: dict[str, Any] = json.loads(shown)
    token = cluster.run("kubectl", "-n", namespace, "create", "token", ACCOUNT).strip()
    config["users"] = [{"name": ACCOUNT, "user": {"token": token}}]
    config["contexts"][0]["context"]["user"] = ACCOUNT
    path.write_text(yaml.safe_dump(config))


@dataclass
class OperatorProcess:
    """Starts, kills and stops `kompass-operator`."""

    cluster: Cluster
    namespace: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "operator.log").read_text()

    def start(self) -> None:
        """Start it; what it knew before is gone."""
        environment = {
            **self.cluster.environment,
            **PATIENCE,
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "KOMPASS_WORKER_IMAGE": "kompass.invalid/worker:none",
            "KOMPASS_STORAGE_URI": "s3://results/runs",
            "KOMPASS_WATCH_NAMESPACES": self.namespace,
            "KOMPASS_LIVENESS_PORT": "0",
            "KOMPASS_METRICS_PORT": "0",
            **self.settings,
        }
        with (self.folder / "operator.log").open("ab") as log:
            self.running = subprocess.Popen(
                [str(Path(sys.executable).parent / "kompass-operator")],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as a crash does."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(10)

    def stop(self) -> int:
        """End it as kubelet does; returns its exit status."""
        assert self.running is not None
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(20)

    def resident_mebibytes(self) -> float:
        """Memory of the process."""
        assert self.running is not None
        pages = int(Path(f"/proc/{self.running.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def open_files(self) -> int:
        """Files and connections that the process holds open."""
        assert self.running is not None
        return len(list(Path(f"/proc/{self.running.pid}/fd").iterdir()))
