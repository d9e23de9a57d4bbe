"""How far a run's pods reach, and runs that could not work so."""

from __future__ import annotations

from typing import Any

import pytest
from unit.operator.sights import a_run
from unit.operator.world import NAMESPACE, World, endpoint_manifest, run_manifest, settings

from kompass_operator.manifests import network_policy
from kompass_operator.names import RUN_UID_LABEL

Json = dict[str, Any]
STORAGE: Json = {"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}]}
OPERATOR: Json = {"podSelector": {"matchLabels": {"app": "operator"}}}
ENFORCED: Json = {"network_policies": True, "network_offline": [STORAGE]}
METADATA = {"169.254.169.254/32", "fd00:ec2::254/128"}
OWN_DATA = [{"name": "ceval-gen", "source": {"uri": "s3://data/ceval"}}]


def policy_for(network: str, **changes: object) -> Json:
    run = a_run(security={"network": network})
    return network_policy(run, settings(**{**ENFORCED, **changes}))


def blocks(policy: Json) -> list[Json]:
    rules = [rule for rule in policy["spec"]["egress"] if "ports" not in rule]
    return [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]


@pytest.mark.parametrize("network", ["Online", "Restricted", "Offline"])
def test_policy_is_for_the_pods_of_the_run_and_goes_with_it(network: str) -> None:
    run = a_run(security={"network": network})
    policy = network_policy(run, settings(**ENFORCED))
    assert policy["spec"]["podSelector"] == {"matchLabels": {RUN_UID_LABEL: run.metadata.uid}}
    assert policy["metadata"]["namespace"] == run.metadata.namespace
    assert policy["metadata"]["ownerReferences"][0]["uid"] == run.metadata.uid
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("network", ["Online", "Restricted", "Offline"])
def test_names_are_resolved_by_the_cluster_only(network: str) -> None:
    dns = policy_for(network)["spec"]["egress"][0]
    assert {port["port"] for port in dns["ports"]} == {53}
    assert dns["to"][0]["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}


@pytest.mark.parametrize("network", ["Online", "Restricted", "Offline"])
def test_metadata_address_of_the_cloud_is_out_of_reach(network: str) -> None:
    for block in blocks(policy_for(network)):
        around = {"0.0.0.0/0", "::/0", "fc00::/7"}
        spared = set(block.get("except", []))
        assert block["cidr"] not in around or spared & METADATA
        assert not block["cidr"].startswith("169.254.169.")


def test_online_reaches_everything_else() -> None:
    policy = policy_for("Online")
    assert {block["cidr"] for block in blocks(policy)} == {"0.0.0.0/0", "::/0"}
    assert {"namespaceSelector": {}} in policy["spec"]["egress"][1]["to"]


def test_restricted_reaches_private_addresses() -> None:
    cidrs = {block["cidr"] for block in blocks(policy_for("Restricted"))}
    assert cidrs == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}


def test_offline_reaches_what_the_chart_lists_and_nothing_more() -> None:
    assert policy_for("Offline")["spec"]["egress"][1:] == [STORAGE]


def test_nobody_reaches_the_pods_but_those_that_are_named() -> None:
    assert policy_for("Online")["spec"]["ingress"] == []
    named = policy_for("Online", network_ingress=[OPERATOR])
    assert named["spec"]["ingress"] == [{"from": [OPERATOR]}]


def world_of(network: str, endpoint: Json | None = None, **changes: object) -> World:
    world = World(settings=settings(**{**ENFORCED, **changes}))
    spec: Json = {"security": {"network": network}, "benchmarks": OWN_DATA}
    world.apply(endpoint or endpoint_manifest(), run_manifest(**spec))
    return world


async def test_policy_is_there_before_the_first_pod() -> None:
    world = world_of("Offline")
    order: list[str] = []
    world.cluster.before_request = order.append
    await world.settle()
    creations = [request for request in order if request.startswith("create")]
    assert creations.index("create NetworkPolicy") < creations.index("create Job")
    held = [
        name
        for kind, space, name in world.cluster.objects
        if (kind, space) == ("NetworkPolicy", NAMESPACE)
    ]
    assert len(held) == 1


async def test_deleted_run_takes_its_policy_along() -> None:
    world = world_of("Online")
    await world.settle()
    world.cluster.remove("EvalRun", NAMESPACE, "demo")
    assert not [kind for kind, *_ in world.cluster.objects if kind == "NetworkPolicy"]


@pytest.mark.parametrize("network", ["Restricted", "Offline"])
async def test_network_that_nobody_would_enforce_is_refused(network: str) -> None:
    world = world_of(network, network_policies=False)
    await world.settle()
    assert world.condition("Accepted") == ("False", "NetworkUnenforced")
    assert "set networkPolicies.enabled in the chart" in world.message("Accepted")
    assert world.jobs() == []


async def test_online_needs_no_policies() -> None:
    world = world_of("Online", network_policies=False)
    await world.settle()
    assert world.condition("Accepted")[0] == "True"
    assert world.cluster.requests["create NetworkPolicy"] == 0


SERVED: Json = {
    "backend": "OpenAI",
    "source": None,
    "serving": {"model": "m", "url": "http://llama.models.svc/v1"},
}


@pytest.mark.parametrize(
    ("network", "endpoint", "changes", "said"),
    [
        pytest.param(
            "Offline",
            {"source": {"uri": "hf://meta/llama"}},
            {},
            "does not reach the hub for hf://meta/llama",
            id="hub",
        ),
        pytest.param(
            "Restricted",
            {"source": {"uri": "hf://meta/llama"}},
            {},
            "set HF_ENDPOINT to a mirror",
            id="hub-restricted",
        ),
        pytest.param("Offline", SERVED, {}, "does not reach the servers of m", id="server"),
        pytest.param(
            "Offline", {}, {"network_offline": []}, "name at least the storage", id="no-storage"
        ),
    ],
)
async def test_run_that_could_not_reach_what_it_names_is_refused(
    network: str, endpoint: Json, changes: Json, said: str
) -> None:
    world = world_of(network, endpoint_manifest(**endpoint), **changes)
    await world.settle()
    assert world.condition("Accepted") == ("False", "InvalidSpec")
    assert said in world.message("Accepted")


@pytest.mark.parametrize(
    ("network", "endpoint", "changes"),
    [
        pytest.param("Offline", {}, {}, id="bucket"),
        pytest.param("Restricted", SERVED, {}, id="server-in-the-cluster"),
        pytest.param(
            "Offline",
            {"source": {"uri": "hf://meta/llama"}},
            {"worker_env": {"HF_ENDPOINT": "http://mirror.svc"}},
            id="mirror",
        ),
    ],
)
async def test_run_that_can_reach_what_it_names_is_accepted(
    network: str, endpoint: Json, changes: Json
) -> None:
    world = world_of(network, endpoint_manifest(**endpoint), **changes)
    await world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")
