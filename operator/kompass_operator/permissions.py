"""The rights the operator uses: no more, no fewer. The chart and a test compare with this."""

from __future__ import annotations

from typing import Final, NamedTuple

from kompass_api.resources import GROUP


class Permission(NamedTuple):
    """What is done with a kind of object."""

    group: str
    resource: str
    verbs: tuple[str, ...]


PERMISSIONS: Final = (
    Permission(GROUP, "evalruns", ("create", "delete", "list", "watch")),
    Permission(GROUP, "evalruns/status", ("patch",)),
    Permission(GROUP, "evalsuites", ("list", "watch")),
    Permission(GROUP, "evalsuites/status", ("patch",)),
    Permission(GROUP, "modelendpoints", ("list", "watch")),
    Permission(GROUP, "benchmarks", ("list", "watch")),
    Permission("batch", "jobs", ("create", "delete", "deletecollection", "get", "list", "watch")),
    Permission("", "configmaps", ("create", "get")),
    Permission("networking.k8s.io", "networkpolicies", ("create", "get")),
    Permission("", "pods", ("list",)),
    Permission("", "events", ("create", "list")),
    Permission("kueue.x-k8s.io", "workloads", ("list", "watch")),
)
"""In every namespace that is watched."""

CLUSTER_PERMISSIONS: Final = (
    Permission(GROUP, "evalpolicies", ("list", "watch")),
    Permission("", "namespaces", ("list", "watch")),
)
"""In the whole cluster, to see policies and the labels they select by."""
