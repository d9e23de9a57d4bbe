"""The rights that the operator declares are those that it uses.

That no other is needed shows tests/contract/operator/test_process.py, which runs with these.
"""

from __future__ import annotations

import asyncio

from unit.operator.test_suites import Orchard
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    endpoint_manifest,
    failure_message,
    report_message,
    run_manifest,
    settings,
)

from kompass_operator.permissions import CLUSTER_PERMISSIONS, PERMISSIONS, Permission
from kompass_operator.sweep import check

WATCHED = {
    (group, resource, verb)
    for group, resource in (
        ("kompass.dev", "evalruns"),
        ("kompass.dev", "evalsuites"),
        ("kompass.dev", "modelendpoints"),
        ("kompass.dev", "benchmarks"),
        ("batch", "jobs"),
        ("kueue.x-k8s.io", "workloads"),
        ("kompass.dev", "evalpolicies"),
        ("", "namespaces"),
    )
    for verb in ("list", "watch")
}
ASKED = {
    "create Job": ("batch", "jobs", "create"),
    "get Job": ("batch", "jobs", "get"),
    "delete Job": ("batch", "jobs", "delete"),
    "delete Jobs": ("batch", "jobs", "deletecollection"),
    "list Jobs": ("batch", "jobs", "list"),
    "create ConfigMap": ("", "configmaps", "create"),
    "get ConfigMap": ("", "configmaps", "get"),
    "list Pods": ("", "pods", "list"),
    "create NetworkPolicy": ("networking.k8s.io", "networkpolicies", "create"),
    "get NetworkPolicy": ("networking.k8s.io", "networkpolicies", "get"),
    "create Event": ("", "events", "create"),
    "list Events": ("", "events", "list"),
    "apply status": ("kompass.dev", "evalruns/status", "patch"),
    "list EvalRuns": ("kompass.dev", "evalruns", "list"),
    "list EvalSuites": ("kompass.dev", "evalsuites", "list"),
    "create EvalRun": ("kompass.dev", "evalruns", "create"),
    "delete EvalRun": ("kompass.dev", "evalruns", "delete"),
    "apply EvalSuite status": ("kompass.dev", "evalsuites/status", "patch"),
}


def test_declared_rights_are_those_that_a_full_life_uses() -> None:
    requests = asyncio.run(_a_full_life()) | asyncio.run(_the_life_of_a_suite())
    used = {ASKED[request] for request in requests} | WATCHED
    assert declared(*PERMISSIONS, *CLUSTER_PERMISSIONS) == used


def test_nothing_is_written_beyond_the_watched_namespaces() -> None:
    verbs = {verb for held in CLUSTER_PERMISSIONS for verb in held.verbs}
    assert verbs == {"list", "watch"}


def test_secrets_and_the_inside_of_pods_are_out_of_reach() -> None:
    touched = {held.resource for held in (*PERMISSIONS, *CLUSTER_PERMISSIONS)}
    forbidden = {"secrets", "pods/exec", "pods/attach", "pods/portforward", "serviceaccounts/token"}
    assert touched & forbidden == set()
    assert ("", "pods", "create") not in declared(*PERMISSIONS)
    assert not any("rbac" in held.group or "*" in held.verbs for held in PERMISSIONS)


def declared(*permissions: Permission) -> set[tuple[str, str, str]]:
    return {(held.group, held.resource, verb) for held in permissions for verb in held.verbs}


async def _a_full_life() -> set[str]:
    world = World(settings=settings(network_policies=True))
    world.apply(endpoint_manifest(), run_manifest(cleanup={"ttlSecondsAfterFinished": 1}))
    await world.settle()
    _lose_the_document(world)
    await world.planned(shards=2)
    world.patch_execution(suspend=True)
    await world.settle()
    world.patch_execution(suspend=False)
    world.restart()
    await world.settle()
    world.complete("s0")
    world.complete("s1")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    await world.settle()
    await _a_pod_that_may_not_be(world)
    await _a_name_that_is_taken(world)
    await check(world.cluster, world.cluster.known, (), settle_seconds=0)
    return set(world.cluster.requests)


async def _a_pod_that_may_not_be(world: World) -> None:
    world.cluster.remove("EvalRun", *KEY)
    world.apply(run_manifest())
    await world.settle()
    world.job_status("plan", startTime=world.time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    world.wait(31)
    await world.settle()


def _lose_the_document(world: World) -> None:
    """Somebody deletes the ConfigMap; the next operator freezes it again, beside what is there."""
    [name] = [name for kind, _, name in world.cluster.objects if kind == "ConfigMap"]
    world.cluster.remove("ConfigMap", NAMESPACE, name)
    world.restart()


async def _the_life_of_a_suite() -> set[str]:
    orchard = Orchard()
    await orchard.settle()
    orchard.apply(template={"seed": 1})
    await orchard.settle()
    return set(orchard.cluster.requests)


async def _a_name_that_is_taken(world: World) -> None:
    world.cluster.remove("EvalRun", *KEY)
    world.apply(run_manifest())
    await world.planned(shards=1)
    world.fail("s0", 70, failure_message("Internal", "a bug"))
    job = world.job("s0")["metadata"]["name"]
    world.cluster.remove("Job", NAMESPACE, job)
    world.apply({"kind": "Job", "metadata": {"name": job, "namespace": NAMESPACE}, "spec": {}})
    await world.settle()
