"""The chart renders what its values say, and refuses values that cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters import CommandFailed
from kompass_operator.permissions import CLUSTER_PERMISSIONS, PERMISSIONS, Permission
from kompass_operator.policies.admission import admission_objects
from kompass_operator.settings import Settings

Object = dict[str, Any]
EMBEDDED: Object = {"objectStorage": {"embedded": {"enabled": True}}}
DIGEST = "sha256:" + "0" * 64


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [one for one in objects if one["kind"] == kind]


def named(objects: list[Object], kind: str, name: str) -> Object:
    return next(one for one in of_kind(objects, kind) if one["metadata"]["name"] == name)


def operator_settings(objects: list[Object], patch: pytest.MonkeyPatch) -> Settings:
    pod = named(objects, "Deployment", "kompass-operator")["spec"]["template"]["spec"]
    for variable in pod["containers"][0]["env"]:
        patch.setenv(variable["name"], variable["value"])
    return Settings()


def granted(rules: list[Object]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }


def triples(permissions: Iterable[Permission]) -> set[tuple[str, str, str]]:
    return {(held.group, held.resource, verb) for held in permissions for verb in held.verbs}


def rules_of_operator(objects: list[Object]) -> list[Object]:
    rules: list[Object] = named(objects, "ClusterRole", "kompass-operator")["rules"]
    return rules


USED = triples(PERMISSIONS)
SEEN = triples(CLUSTER_PERMISSIONS)


def test_lint_finds_nothing(helm: Callable[..., str]) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict")


def test_defaults_render_the_operator_and_its_kinds(render: Callable[..., list[Object]]) -> None:
    objects = render()
    kinds = {one["spec"]["names"]["kind"] for one in of_kind(objects, "CustomResourceDefinition")}
    assert kinds == {"EvalRun", "EvalSuite", "ModelEndpoint", "Benchmark", "EvalPolicy"}
    assert [one["metadata"]["name"] for one in of_kind(objects, "Deployment")] == [
        "kompass-operator"
    ]
    assert of_kind(objects, "Secret") == []


def test_the_health_checks_for_argo_cd_are_those_of_the_patch(
    render: Callable[..., list[Object]], root: Path
) -> None:
    patch = yaml.safe_load((root / "examples/gitops/argocd/argocd-cm-patch.yaml").read_text())
    objects = render({"argocd": {"healthChecks": True}})
    held = named(objects, "ConfigMap", "kompass-argocd-health")["data"]
    assert {name: script.strip() for name, script in held.items()} == {
        name: script.strip() for name, script in patch["data"].items()
    }


def test_embedded_storage_is_the_default_storage(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = operator_settings(render(EMBEDDED), monkeypatch).storage
    assert storage is not None
    assert storage.uri == "s3://kompass/runs"
    assert storage.s3.endpoint == "http://kompass-s3.kompass.svc:8333"
    assert storage.s3.credentials_secret == "kompass-s3"


def test_without_a_uri_there_is_no_default_storage(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operator_settings(render(), monkeypatch).storage is None


def test_every_value_of_the_operator_reaches_its_settings(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "watch": {"namespaces": ["team-a", "team-b"]},
        "logLevel": "DEBUG",
        "worker": {
            "image": {
                "repository": "registry.example.com/kompass-worker",
                "digest": DIGEST,
                "pullPolicy": "Always",
                "pullSecrets": ["registry"],
            },
            "env": {"KOMPASS_PART_ITEMS": "16"},
            "serviceAccountName": "runs",
            "small": {"cpu": "1", "memory": "1Gi", "memoryLimit": "2Gi"},
        },
        "objectStorage": {
            "uri": "s3://results/kompass",
            "endpoint": "https://s3.example.com",
            "region": "eu-central-1",
            "pathStyle": False,
            "credentialsSecret": "s3-keys",
        },
    }
    settings = operator_settings(render(values), monkeypatch)
    assert settings.watch_namespaces == ("team-a", "team-b")
    assert settings.log_level == "DEBUG"
    assert settings.worker_image == f"registry.example.com/kompass-worker@{DIGEST}"
    assert settings.worker_image_pull_policy == "Always"
    assert settings.worker_image_pull_secrets == ("registry",)
    assert settings.worker_env == {"KOMPASS_PART_ITEMS": "16"}
    assert settings.worker_service_account == "runs"
    assert (settings.small_cpu, settings.small_memory) == ("1", "1Gi")
    assert settings.small_memory_limit == "2Gi"
    assert settings.storage is not None
    assert settings.storage.uri == "s3://results/kompass"
    assert settings.storage.s3.model_dump() == {
        "endpoint": "https://s3.example.com",
        "region": "eu-central-1",
        "pathStyle": False,
        "credentialsSecret": "s3-keys",
    }


def test_variables_are_settings(render: Callable[..., list[Object]]) -> None:
    pod = named(render(EMBEDDED), "Deployment", "kompass-operator")["spec"]["template"]["spec"]
    fields = {f"KOMPASS_{field.upper()}" for field in Settings.model_fields}
    assert {variable["name"] for variable in pod["containers"][0]["env"]} <= fields


def test_rights_are_exactly_those_the_operator_uses(render: Callable[..., list[Object]]) -> None:
    assert granted(named(render(), "ClusterRole", "kompass-operator")["rules"]) == USED | SEEN


def test_without_network_policies_the_operator_has_no_right_to_them(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = render({"networkPolicies": {"enabled": False}})
    groups = {group for group, *_ in granted(rules_of_operator(objects))}
    assert "networking.k8s.io" not in groups
    assert of_kind(objects, "NetworkPolicy") == []
    assert operator_settings(objects, monkeypatch).network_policies is False


def test_offline_runs_reach_the_embedded_storage_and_what_the_values_list(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = {"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}]}
    objects = render({**EMBEDDED, "networkPolicies": {"offline": [mirror]}})
    storage = operator_settings(objects, monkeypatch).network_offline[1]
    assert operator_settings(objects, monkeypatch).network_offline[0] == mirror
    pod = named(objects, "Deployment", "kompass-s3")["spec"]["template"]
    [peer] = storage["to"]
    assert peer["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert storage["ports"] == [{"protocol": "TCP", "port": 8333}]


def test_operator_reaches_the_pods_of_runs(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    objects = render({"networkPolicies": {"ingress": [prometheus]}})
    operator, named_too = operator_settings(objects, monkeypatch).network_ingress
    pod = named(objects, "Deployment", "kompass-operator")["spec"]["template"]
    assert operator["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert named_too == prometheus


def test_own_pods_reach_no_metadata_address_and_show_only_their_ports(
    render: Callable[..., list[Object]],
) -> None:
    objects = render(EMBEDDED)
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "NetworkPolicy")}
    assert set(policies) == {"kompass-operator", "kompass-s3"}
    [egress] = policies["kompass-operator"]["egress"]
    blocks = [peer["ipBlock"] for peer in egress["to"] if "ipBlock" in peer]
    assert [block["except"] for block in blocks] == [["169.254.169.254/32"], ["fd00:ec2::254/128"]]
    assert policies["kompass-s3"]["egress"] == []
    for name, policy in policies.items():
        pod = named(objects, "Deployment", name)["spec"]["template"]
        ports = {
            port["name"] for held in pod["spec"]["containers"] for port in held.get("ports", [])
        }
        [ingress] = policy["ingress"]
        assert {port["port"] for port in ingress["ports"]} == ports
        assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_nothing_in_the_chart_is_a_webhook(render: Callable[..., list[Object]]) -> None:
    kinds = {one["kind"] for one in render({**EMBEDDED, "policies": {"admission": True}})}
    assert not [kind for kind in kinds if "Webhook" in kind]


def test_admission_policies_are_those_of_the_rules(render: Callable[..., list[Object]]) -> None:
    expected = {
        (held["kind"], held["metadata"]["name"]): held["spec"]
        for held in admission_objects("kompass")
    }
    objects = render({"policies": {"admission": True}})
    found = {
        (one["kind"], one["metadata"]["name"]): one["spec"]
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        for one in of_kind(objects, kind)
    }
    assert found == expected
    assert of_kind(render(), "ValidatingAdmissionPolicy") == []


def test_without_policies_the_operator_may_not_even_see_them(
    render: Callable[..., list[Object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = render({"policies": {"enabled": False}})
    assert granted(named(objects, "ClusterRole", "kompass-operator")["rules"]) == USED
    assert operator_settings(objects, monkeypatch).policies is False


def test_named_namespaces_with_policies_see_these_in_the_whole_cluster_and_no_more(
    render: Callable[..., list[Object]],
) -> None:
    objects = render({"watch": {"namespaces": ["team-a"]}})
    assert granted(named(objects, "ClusterRole", "kompass-operator")["rules"]) == SEEN
    assert granted(named(objects, "Role", "kompass-operator")["rules"]) == USED


def test_who_applies_runs_reads_policies_and_changes_none(
    render: Callable[..., list[Object]],
) -> None:
    objects = render()
    assert ("kompass.dev", "evalpolicies", "list") in granted(
        named(objects, "ClusterRole", "kompass-view")["rules"]
    )
    touched = {
        resource
        for _, resource, _ in granted(named(objects, "ClusterRole", "kompass-edit")["rules"])
    }
    assert "evalpolicies" not in touched


def test_named_namespaces_without_policies_get_roles_and_no_cluster_role(
    render: Callable[..., list[Object]],
) -> None:
    values = {"watch": {"namespaces": ["team-a", "team-b"]}, "policies": {"enabled": False}}
    objects = render(values)
    roles = of_kind(objects, "Role")
    assert [role["metadata"]["namespace"] for role in roles] == ["team-a", "team-b"]
    assert all(granted(role["rules"]) == USED for role in roles)
    assert [one["metadata"]["name"] for one in of_kind(objects, "ClusterRole")] == [
        "kompass-view",
        "kompass-edit",
    ]
    assert of_kind(objects, "ClusterRoleBinding") == []


@pytest.mark.parametrize(
    ("values", "annotations"),
    [
        pytest.param({}, {"helm.sh/resource-policy": "keep"}, id="kept-by-default"),
        pytest.param({"crds": {"keep": False}}, None, id="removed-with-the-chart"),
    ],
)
def test_crds_are_kept_unless_told_otherwise(
    render: Callable[..., list[Object]], values: Object, annotations: Object | None
) -> None:
    for crd in of_kind(render(values), "CustomResourceDefinition"):
        assert crd["metadata"].get("annotations") == annotations


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        pytest.param({"crds": {"enabled": False}}, "CustomResourceDefinition", id="no-crds"),
        pytest.param({"rbac": {"create": False}}, "ClusterRole", id="no-rbac"),
        pytest.param({"serviceAccount": {"create": False}}, "ServiceAccount", id="no-account"),
        pytest.param(EMBEDDED, "PersistentVolumeClaim", id="no-claim"),
    ],
)
def test_what_is_off_is_not_rendered(
    render: Callable[..., list[Object]], values: Object, absent: str
) -> None:
    assert of_kind(render(values), absent) == []


def test_the_s3_pod_does_not_move_with_the_version_or_the_operator(
    render: Callable[..., list[Object]],
) -> None:
    keys = {"accessKey": "a", "secretKey": "s"}
    values: Object = {"objectStorage": {"embedded": {"enabled": True, **keys}}}
    before = named(render(values), "Deployment", "kompass-s3")["spec"]["template"]
    other = {**values, "image": {"tag": "other"}, "worker": {"image": {"tag": "other"}}}
    assert named(render(other), "Deployment", "kompass-s3")["spec"]["template"] == before


def test_the_s3_server_reports_to_nobody(render: Callable[..., list[Object]]) -> None:
    pod = named(render(EMBEDDED), "Deployment", "kompass-s3")["spec"]["template"]["spec"]
    assert "-master.telemetry=false" in pod["containers"][0]["args"]


def test_given_keys_reach_the_secret_of_runs(render: Callable[..., list[Object]]) -> None:
    keys = {"accessKey": "given", "secretKey": "given-too"}
    objects = render({"objectStorage": {"embedded": {"enabled": True, **keys}}})
    assert named(objects, "Secret", "kompass-s3")["stringData"] == {
        "AWS_ACCESS_KEY_ID": "given",
        "AWS_SECRET_ACCESS_KEY": "given-too",
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"crds": {"enabld": True}}, "enabld", id="misspelt"),
        pytest.param({"image": {"digest": "latest"}}, "/image/digest", id="digest"),
        pytest.param({"image": {"repository": ""}}, "/image/repository", id="no-repository"),
        pytest.param({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy", id="policy"),
        pytest.param({"worker": {"small": {"cpu": "two"}}}, "/worker/small/cpu", id="cpu"),
        pytest.param({"worker": {"env": {"A": 1}}}, "/worker/env/A", id="env-number"),
        pytest.param({"logLevel": "info"}, "/logLevel", id="log-level"),
        pytest.param({"watch": {"namespaces": "team-a"}}, "/watch/namespaces", id="not-a-list"),
        pytest.param({"watch": {"namespaces": ["Team"]}}, "/watch/namespaces/0", id="namespace"),
        pytest.param({"objectStorage": {"uri": "results"}}, "/objectStorage/uri", id="uri"),
        pytest.param({"objectStorage": {"endpoint": "s3:8333"}}, "/endpoint", id="endpoint"),
        pytest.param(
            {"objectStorage": {"embedded": {"bucket": "Kompass"}}}, "/bucket", id="bucket"
        ),
        pytest.param(
            {"objectStorage": {"embedded": {"capacityGiB": 0}}}, "/capacityGiB", id="capacity"
        ),
        pytest.param(
            {"objectStorage": {"embedded": {"enabled": True}, "endpoint": "https://s3"}},
            "choose the embedded server or one of yours",
            id="two-servers",
        ),
        pytest.param(
            {"objectStorage": {"credentialsSecret": "keys"}},
            "need objectStorage.uri",
            id="keys-without-a-place",
        ),
    ],
)
def test_wrong_values_are_refused_by_name(
    render: Callable[..., list[Object]], values: Object, said: str
) -> None:
    with pytest.raises(CommandFailed, match=said):
        render(values)
