"""The processes of a node and their flags, in the order they start. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .configs import PAUSE_IMAGE, NodeFacts
from .folders import NODE_HOME

__all__ = ["COMPONENTS", "Component", "components"]

_ETC = NODE_HOME / "etc"
_PKI = NODE_HOME / "pki"
_ETCD = "http://127.0.0.1:2379"

COMPONENTS = (
    "etcd",
    "containerd",
    "docker-registry",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
    "fakegpu",
)


@dataclass(frozen=True)
class Component:
    """A process of the node; its name is the name of its program."""

    name: str
    argv: Sequence[str]


def components(facts: NodeFacts, tools: Path) -> dict[str, Component]:
    """Return every component by name; `tools` is the folder of programs as the node sees it."""
    flags = {
        "etcd": _etcd(),
        "containerd": [f"--config={_ETC}/containerd.toml"],
        "docker-registry": ["serve", f"{_ETC}/registry.yaml"],
        "kube-apiserver": _apiserver(facts),
        "kube-controller-manager": _controller_manager(facts),
        "kube-scheduler": [f"--kubeconfig={_ETC}/scheduler.kubeconfig", "--leader-elect=false"],
        "kubelet": _kubelet(facts),
        "kube-proxy": [f"--config={_ETC}/proxy.json", f"--hostname-override={facts.name}"],
        "coredns": [f"-conf={_ETC}/Corefile"],
        "fakegpu": [f"-count-file={NODE_HOME}/gpus"],
    }
    from_debian = ("containerd", "docker-registry")
    return {
        name: Component(name, [name if name in from_debian else str(tools / name), *flags[name]])
        for name in COMPONENTS
    }


def _etcd() -> list[str]:
    return [
        f"--data-dir={NODE_HOME}/etcd",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        # The data does not outlive the cluster, so no write has to wait for the disk.
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    ]


def _apiserver(facts: NodeFacts) -> list[str]:
    return [
        f"--advertise-address={facts.net.node}",
        "--secure-port=6443",
        f"--etcd-servers={_ETCD}",
        f"--service-cluster-ip-range={facts.net.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={_PKI}/ca.crt",
        f"--tls-cert-file={_PKI}/apiserver.crt",
        f"--tls-private-key-file={_PKI}/apiserver.key",
        f"--kubelet-certificate-authority={_PKI}/ca.crt",
        f"--kubelet-client-certificate={_PKI}/apiserver-client.crt",
        f"--kubelet-client-key={_PKI}/apiserver-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={_PKI}/service-account.pub",
        f"--service-account-signing-key-file={_PKI}/service-account.key",
        "--profiling=false",
    ]


def _controller_manager(facts: NodeFacts) -> list[str]:
    return [
        f"--kubeconfig={_ETC}/controller-manager.kubeconfig",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={_PKI}/service-account.key",
        f"--root-ca-file={_PKI}/ca.crt",
        f"--cluster-signing-cert-file={_PKI}/ca.crt",
        f"--cluster-signing-key-file={_PKI}/ca.key",
        f"--cluster-cidr={facts.net.pods}",
        "--allocate-node-cidrs=false",
        # The default of 20 requests a second holds a cluster to three Jobs a second.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--concurrent-job-syncs=20",
        "--concurrent-gc-syncs=20",
    ]


def _kubelet(facts: NodeFacts) -> list[str]:
    return [
        f"--config={_ETC}/kubelet.json",
        f"--kubeconfig={_ETC}/kubelet.kubeconfig",
        f"--root-dir={NODE_HOME}/kubelet",
        f"--hostname-override={facts.name}",
        f"--node-ip={facts.net.node}",
        f"--pod-infra-container-image={PAUSE_IMAGE}",
    ]
