"""The NetworkPolicy of a run: how far its pods reach, as spec.security.network says. Pure.

It lives beside the pods, in the user's namespace, and goes with the run. A network plugin has to
enforce it; Kubernetes itself does not.
"""

from __future__ import annotations

from typing import Final

from kompass_api.evalrun import EvalRun
from kompass_api.security import Network
from kompass_operator.cluster import Manifest
from kompass_operator.manifests.owners import owner_reference
from kompass_operator.names import RUN_UID_LABEL, labels, network_name
from kompass_operator.settings import Settings

METADATA: Final = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where clouds hand out the node's own credentials."""
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
PRIVATE_6: Final = "fc00::/7"

_DNS: Final = [
    {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    },
    # The address of NodeLocal DNSCache.
    {"ipBlock": {"cidr": "169.254.20.10/32"}},
]
_EVERY_POD: Final[Manifest] = {"namespaceSelector": {}}


def network_policy(run: EvalRun, settings: Settings) -> Manifest:
    """The NetworkPolicy for every pod of a run."""
    meta = run.metadata
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": network_name(meta),
            "namespace": meta.namespace,
            "labels": labels(meta),
            "ownerReferences": [owner_reference(meta)],
        },
        "spec": {
            "podSelector": {"matchLabels": {RUN_UID_LABEL: meta.uid}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": _ingress(settings),
            "egress": [_dns(), *_egress(run.spec.security.network, settings)],
        },
    }


def _ingress(settings: Settings) -> list[Manifest]:
    """Nobody but those that the chart names: the operator, and who reads metrics."""
    return [{"from": list(settings.network_ingress)}] if settings.network_ingress else []


def _dns() -> Manifest:
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": _DNS, "ports": ports}


def _egress(network: Network, settings: Settings) -> list[Manifest]:
    match network:
        case Network.ONLINE:
            return [{"to": [_EVERY_POD, *_everywhere()]}]
        case Network.RESTRICTED:
            return [{"to": [_EVERY_POD, *_private()]}]
        case Network.OFFLINE:
            return list(settings.network_offline)


def _everywhere() -> list[Manifest]:
    return [
        {"ipBlock": {"cidr": cidr, "except": [metadata]}}
        for cidr, metadata in zip(("0.0.0.0/0", "::/0"), METADATA, strict=True)
    ]


def _private() -> list[Manifest]:
    return [
        *({"ipBlock": {"cidr": cidr}} for cidr in PRIVATE),
        {"ipBlock": {"cidr": PRIVATE_6, "except": [METADATA[1]]}},
    ]
