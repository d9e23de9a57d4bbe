"""The objects that make the node's CoreDNS the name service of the cluster. Pure."""

from __future__ import annotations

from typing import Any

from .allocation import Network

__all__ = ["dns_objects"]

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PORTS = [
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
]


def dns_objects(net: Network) -> dict[str, dict[str, Any]]:
    """Return path to object."""
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    name = {"metadata": {"name": "kompass-coredns"}}
    watch = ["list", "watch"]
    rules = [
        {
            "apiGroups": [""],
            "resources": ["services", "namespaces", "pods", "endpoints"],
            "verbs": watch,
        },
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
    ]
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "coredns"}
    role = {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "kompass-coredns",
    }
    services = "/api/v1/namespaces/kube-system/services/kube-dns"
    slices = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns"
    return {
        f"{_RBAC}/clusterroles/kompass-coredns": {
            **rbac,
            **name,
            "kind": "ClusterRole",
            "rules": rules,
        },
        f"{_RBAC}/clusterrolebindings/kompass-coredns": {
            **rbac,
            **name,
            "kind": "ClusterRoleBinding",
            "subjects": [subject],
            "roleRef": role,
        },
        services: {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": net.dns_service, "ports": _PORTS},
        },
        slices: {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "kube-dns",
                "namespace": "kube-system",
                "labels": {"kubernetes.io/service-name": "kube-dns"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [net.node]}],
            "ports": _PORTS,
        },
    }
