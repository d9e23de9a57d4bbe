"""An operator with a Role in one namespace and no right anywhere else: `watch.namespaces`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from contract.operator.stage import Stage
from contract.operator.test_process import endpoint, run, to_its_end
from unit.operator.world import plan_message

from clusters import Cluster, CommandFailed

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


@pytest.fixture
def neighbour(cluster: Cluster, crds: list[str]) -> Iterator[str]:
    """A namespace with a run that nobody carries out."""
    name = f"neighbour-{uuid.uuid4().hex[:8]}"
    cluster.run("kubectl", "create", "namespace", name)
    for manifest in (endpoint(), run("theirs")):
        cluster.run("kubectl", "-n", name, "apply", "-f", "-", text=json.dumps(manifest))
    yield name
    cluster.run("kubectl", "delete", "namespace", name, "--wait=false")


def test_roles_alone_are_enough_and_reach_no_other_namespace(
    confined: Stage, cluster: Cluster, neighbour: str
) -> None:
    confined.apply(endpoint(), run("ours"))
    status = to_its_end(confined, "ours")["status"]
    assert status["phase"] == "Succeeded"
    shown = cluster.run("kubectl", "-n", neighbour, "get", "evalrun", "theirs", "-o", "json")
    assert "status" not in json.loads(shown)
    jobs = cluster.run("kubectl", "-n", neighbour, "get", "jobs,configmaps,events", "-o", "json")
    ours = [held for held in json.loads(jobs)["items"] if "kompass" in json.dumps(held)]
    assert ours == []
    assert "forbidden" not in confined.operator.log.lower()


@pytest.mark.parametrize(
    ("verb", "resource", "everywhere"),
    [
        pytest.param("list", "evalruns.kompass.dev", True, id="runs-of-others"),
        pytest.param("list", "evalpolicies.kompass.dev", True, id="policies"),
        pytest.param("list", "namespaces", True, id="namespaces"),
        pytest.param("get", "secrets", False, id="secrets"),
        pytest.param("list", "secrets", False, id="all-secrets"),
        pytest.param("create", "pods", False, id="pods"),
        pytest.param("create", "pods/exec", False, id="exec"),
        pytest.param("update", "evalruns.kompass.dev", False, id="specs"),
        pytest.param("create", "serviceaccounts/token", False, id="tokens"),
        pytest.param("create", "rolebindings.rbac.authorization.k8s.io", False, id="roles"),
    ],
)
def test_rights_that_the_api_server_knows_of(
    confined: Stage, verb: str, resource: str, *, everywhere: bool
) -> None:
    where = ["-A"] if everywhere else []
    account = f"system:serviceaccount:{confined.namespace}:kompass-operator"
    with pytest.raises(CommandFailed, match="status 1"):
        confined.kubectl("auth", "can-i", verb, resource, f"--as={account}", *where)


def test_policies_hold_and_release_a_run(stage: Stage, cluster: Cluster) -> None:
    name = stage.namespace
    policy = {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalPolicy",
        "metadata": {"name": name},
        "spec": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "limits": {"maxParallelism": 2},
        },
    }
    stage.apply(policy, endpoint())
    try:
        stage.apply(run("greedy", execution={"parallelism": 8}))
        assert stage.wait_for("greedy", "Finished", "True") == "PolicyDenied"
        assert "rule limits.maxParallelism" in stage.condition("greedy", "Accepted")[2]
        events = [held for held in stage.items("events") if held["reason"] == "PolicyDenied"]
        assert {held["type"] for held in events} == {"Warning"}
        stage.apply(run("modest", execution={"parallelism": 1}))
        stage.end_pod(stage.open_pod("modest", "plan"), 0, plan_message(2))
        pod = stage.open_pod("modest", "shard", 0)
        patch = json.dumps({"spec": {"sources": {"models": []}}})
        cluster.run("kubectl", "patch", "evalpolicy", name, "--type=merge", "-p", patch)
        stage.end_pod(pod)
        stage.until(lambda: stage.condition("modest", "Stalled")[:2] == ("True", "PolicyDenied"))
        assert len(stage.items("jobs", "kompass.dev/run=modest,kompass.dev/stage=shard")) == 1
        cluster.run("kubectl", "delete", "evalpolicy", name)
        assert to_its_end(stage, "modest")["status"]["phase"] == "Succeeded"
    finally:
        cluster.run("kubectl", "delete", "evalpolicy", name, "--ignore-not-found")
