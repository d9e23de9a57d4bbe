"""Which rule of which policy objects to which object; tests/contract asks the API server too."""

from __future__ import annotations

from typing import Any

import pytest
from policy_cases import CASES, PolicyCase

from kompass_api import Benchmark, EvalPolicy, EvalRun, ModelEndpoint
from kompass_api.servedhosts import PUBLIC_HOSTS, host_of
from kompass_api.serving import Provider
from kompass_operator.policies.rules import RULES, complaints
from kompass_worker.backends.served import spark_protocol

KINDS: dict[str, Any] = {
    "EvalRun": EvalRun,
    "ModelEndpoint": ModelEndpoint,
    "Benchmark": Benchmark,
}


def policy(spec: Any, name: str = "research") -> EvalPolicy:
    return EvalPolicy.model_validate({"metadata": {"name": name}, "spec": spec})


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_rule_of_a_policy(case: PolicyCase) -> None:
    judged = KINDS[case.kind].model_validate(case.manifest)
    found = list(complaints([policy(case.policy)], case.kind, judged.spec, "it"))
    assert [one.rule for one in found] == ([case.rule] if case.rule else [])


def test_every_rule_is_broken_and_kept_by_a_case_of_the_table() -> None:
    rules = {(rule.kind, rule.name) for rule in RULES}
    broken = {(case.kind, case.rule) for case in CASES.values() if case.rule}
    assert rules == broken
    kinds_kept = {case.kind for case in CASES.values() if case.rule is None}
    assert kinds_kept == set(KINDS)


def test_every_limit_of_a_policy_has_a_rule() -> None:
    leaves = {
        f"{field}.{inner}" if inner else field
        for field, inner in _leaves()
        if field not in {"namespaces", "namespaceSelector"}
    }
    assert leaves == {rule.name for rule in RULES}


def _leaves() -> list[tuple[str, str]]:
    spec = EvalPolicy.model_json_schema(by_alias=True)["$defs"]
    fields = spec["EvalPolicySpec"]["properties"]
    groups = {"images": "ImageLimits", "sources": "SourceLimits"}
    groups |= {"limits": "Limits", "queues": "QueueLimits"}
    return [
        (field, inner)
        for field in fields
        for inner in (spec[groups[field]]["properties"] if field in groups else [""])
    ]


def test_complaint_names_policy_rule_what_was_found_and_what_is_allowed() -> None:
    held = policy({"images": {"allowed": ["registry.example.com/*"]}}, name="approved")
    spec = ModelEndpoint.model_validate(CASES["image-of-another-registry"].manifest).spec
    [found] = complaints([held], "ModelEndpoint", spec, "ModelEndpoint llama")
    assert found.told() == (
        "EvalPolicy approved, rule images.allowed: ModelEndpoint llama has image "
        "evil.io/kompass/worker; allowed is registry.example.com/*"
    )


def test_several_policies_all_apply() -> None:
    policies = [
        policy({"limits": {"maxParallelism": 8}}, "wide"),
        policy({"limits": {"maxParallelism": 2}}, "narrow"),
        policy({"queues": {"required": True}}, "queued"),
    ]
    spec = EvalRun.model_validate(CASES["nothing-set-a-run"].manifest).spec
    found = [(one.policy, one.rule) for one in complaints(policies, "EvalRun", spec, "it")]
    assert found == [("narrow", "limits.maxParallelism"), ("queued", "queues.required")]


def test_host_of_spark_is_the_one_that_the_worker_asks() -> None:
    hosts = {host_of(version.url) for version in spark_protocol.VERSIONS.values()}
    assert hosts == {PUBLIC_HOSTS["Spark"]}


def test_every_public_server_has_a_host_that_a_policy_can_name() -> None:
    public = {provider.value for provider in Provider if not provider.is_yours}
    assert set(PUBLIC_HOSTS) == public | {"Anthropic", "Gemini", "Spark"}
    assert all(PUBLIC_HOSTS.values())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("http://A.b:80/v1", "a.b", id="capitals-and-port"),
        pytest.param("https://[::1]:8000/", "::1", id="address"),
        pytest.param("https://[::1", "", id="half-an-address"),
        pytest.param("https://a%2eb", "", id="escaped"),
        pytest.param("https://ａ.b", "", id="not-ascii"),
    ],
)
def test_host_is_what_everybody_reads(url: str, host: str) -> None:
    assert host_of(url) == host
