"""The configuration files of a node. Pure: texts from names and addresses."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from .allocation import Network
from .folders import NODE_HOME

__all__ = ["PAUSE_IMAGE", "NodeFacts", "config_files", "kubeconfig", "portable_kubeconfig"]

PAUSE_IMAGE = "kompass.dev/pause:1"
_ETC = NODE_HOME / "etc"
_PKI = NODE_HOME / "pki"


@dataclass(frozen=True)
class NodeFacts:
    """What the files of one node depend on."""

    name: str
    net: Network
    cni_plugins: str


def config_files(facts: NodeFacts) -> dict[str, str]:
    """Return file name to text, for the node's folder of configuration."""
    server = f"https://{facts.net.node}:6443"
    clients = ("controller-manager", "scheduler", "proxy", "coredns", "kubelet")
    return {
        "containerd.toml": _containerd(facts),
        "cni/10-kompass.conflist": json.dumps(_cni(facts), indent=1) + "\n",
        "kubelet.json": json.dumps(_kubelet(facts), indent=1) + "\n",
        "proxy.json": json.dumps(_proxy(facts), indent=1) + "\n",
        "resolv.conf": f"nameserver {facts.net.dns_service}\n",
        "Corefile": _corefile(facts),
        "registry.yaml": _registry(),
        **{f"{client}.kubeconfig": kubeconfig(server, _PKI, client) for client in clients},
    }


def kubeconfig(server: str, pki: Path, client: str) -> str:
    """Return the text of a kubeconfig (JSON is YAML) that names its key files."""
    return _kubeconfig(
        {"server": server, "certificate-authority": str(pki / "ca.crt")},
        {
            "client-certificate": str(pki / f"{client}.crt"),
            "client-key": str(pki / f"{client}.key"),
        },
    )


def portable_kubeconfig(server: str, authority: bytes, certificate: bytes, key: bytes) -> str:
    """Return the text of a kubeconfig that holds its keys, so that it may be copied elsewhere."""
    return _kubeconfig(
        {"server": server, "certificate-authority-data": b64encode(authority).decode()},
        {
            "client-certificate-data": b64encode(certificate).decode(),
            "client-key-data": b64encode(key).decode(),
        },
    )


def _kubeconfig(cluster: dict[str, str], user: dict[str, str]) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "kompass", "cluster": cluster}],
        "users": [{"name": "kompass", "user": user}],
        "contexts": [{"name": "kompass", "context": {"cluster": "kompass", "user": "kompass"}}],
        "current-context": "kompass",
    }
    return json.dumps(document, indent=1) + "\n"


def _containerd(facts: NodeFacts) -> str:
    return f"""version = 2
root = "/run/images"
state = "{NODE_HOME}/containerd"
oom_score = 0

[grpc]
  address = "{NODE_HOME}/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE a container with a lower score than its parent does not start.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{facts.cni_plugins}"
    conf_dir = "{_ETC}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    # An unpacked image needs no second copy of its layers.
    discard_unpacked_layers = true
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def _cni(facts: NodeFacts) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": facts.net.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "kompass", "plugins": [bridge, ports]}


def _kubelet(facts: NodeFacts) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": facts.net.node,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{_PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{_PKI}/kubelet.crt",
        "tlsPrivateKeyFile": f"{_PKI}/kubelet.key",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{facts.net.link}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{NODE_HOME}/containerd/containerd.sock",
        "clusterDNS": [facts.net.dns_service],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{_ETC}/resolv.conf",
        "podLogsDir": f"{NODE_HOME}/pod-logs",
        "volumePluginDir": f"{NODE_HOME}/volume-plugins",
        "maxPods": 250,
        "serializeImagePulls": False,
        "maxParallelImagePulls": 4,
        # The disk belongs to a person: how full it is says nothing about the pods.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        "nodeStatusUpdateFrequency": "4s",
    }


def _proxy(facts: NodeFacts) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": "0.0.0.0",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": f"{_ETC}/proxy.kubeconfig"},
        "clusterCIDR": facts.net.pods,
        "mode": "iptables",
        "conntrack": {"maxPerCore": 0, "min": 0},
        "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
    }


def _corefile(facts: NodeFacts) -> str:
    node = facts.net.node
    # The second block: no upstream is asked, and a name outside says so at once.
    return f"""cluster.local:53 in-addr.arpa:53 {{
    bind {node}
    errors
    ready {node}:8181
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {_ETC}/coredns.kubeconfig
        ttl 5
    }}
}}
.:53 {{
    bind {node}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def _registry() -> str:
    return """version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /run/cache/registry}
http: {addr: "0.0.0.0:5000"}
"""
