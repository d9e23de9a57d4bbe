"""The API server refuses by the chart's admission policies what the operator would refuse.

The table is that of tests/unit/operator/test_policy_rules.py, which asks the operator. Each case
has a namespace and an EvalPolicy of its own, so that all of them can be there at once.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from custom_objects import CustomObjects
from kubernetes.client import ApiException
from manifest_cases import RIGHT, changed
from policy_cases import CASES, PolicyCase

from clusters import Cluster
from kompass_operator.policies.admission import admission_objects

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

SENTINEL = {
    "images": {"digestOnly": True},
    "sources": {"data": []},
    "limits": {"maxParallelism": 0},
}
WRONG = {"ModelEndpoint": {"spec/image": "busybox:1"}, "EvalRun": {}, "Benchmark": {}}


class Places:
    """A namespace and a policy for each case."""

    def __init__(self, api: CustomObjects, prefix: str) -> None:
        self.api = api
        self.prefix = prefix
        self.names = {name: f"{prefix}-{number}" for number, name in enumerate(CASES)}
        self.sentinel = f"{prefix}-sentinel"

    def of(self, namespace: str) -> CustomObjects:
        """The API server in a namespace."""
        return CustomObjects(self.api.objects, namespace)

    def objects(self) -> list[dict[str, Any]]:
        """Everything that is there before the cases are tried; the sentinel is the last."""
        specs = {self.names[name]: case.policy for name, case in CASES.items()}
        specs[self.sentinel] = SENTINEL
        namespaces = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in specs
        ]
        policies = [
            {
                "apiVersion": "kompass.dev/v1alpha1",
                "kind": "EvalPolicy",
                "metadata": {"name": name},
                "spec": {**spec, "namespaces": [name]},
            }
            for name, spec in specs.items()
        ]
        return [*namespaces, *admission_objects(self.prefix), *policies]


def refusal(api: CustomObjects, manifest: dict[str, Any]) -> str:
    try:
        api.try_out(manifest)
    except ApiException as refused:
        return str(json.loads(refused.body or "{}")["message"])
    return ""


@pytest.fixture(scope="module")
def places(
    cluster: Cluster, api: CustomObjects, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    found = Places(api, f"policy-{uuid.uuid4().hex[:6]}")
    path = tmp_path_factory.mktemp("policies") / "objects.yaml"
    path.write_text(yaml.safe_dump_all(found.objects()), encoding="utf-8")
    cluster.run("kubectl", "create", "-f", str(path))
    end = time.monotonic() + 60
    for kind, changes in WRONG.items():
        while not refusal(found.of(found.sentinel), changed(RIGHT[kind], changes)):
            assert time.monotonic() < end, f"the policies for {kind} do not take effect"
            time.sleep(0.2)
    yield found
    cluster.run("kubectl", "delete", "--wait=false", "-f", str(path))


@pytest.mark.parametrize("name", CASES)
def test_verdict_is_that_of_the_operator(places: Places, name: str) -> None:
    case: PolicyCase = CASES[name]
    said = refusal(places.of(places.names[name]), case.manifest)
    if case.rule is None:
        assert said == ""
    else:
        assert f"EvalPolicy {places.names[name]}, rule {case.rule}: " in said
        assert "; allowed is " in said


def test_every_expression_is_found_sound(cluster: Cluster, places: Places) -> None:
    shown = cluster.run("kubectl", "get", "validatingadmissionpolicies", "-o", "json")
    warnings = {
        held["metadata"]["name"]: held["status"]["typeChecking"].get("expressionWarnings", [])
        for held in json.loads(shown)["items"]
        if held["metadata"]["name"].startswith(places.prefix)
    }
    assert {name: found for name, found in warnings.items() if found} == {}


def test_run_that_a_policy_forbids_meanwhile_can_still_be_suspended(
    cluster: Cluster, places: Places
) -> None:
    namespace = places.names["queue-that-is-missing"]
    own = places.of(namespace)
    patch = json.dumps({"spec": {"queues": {"required": False}}})
    cluster.run("kubectl", "patch", "evalpolicy", namespace, "--type=merge", "-p", patch)
    manifest = changed(RIGHT["EvalRun"], {"metadata/name": "old"})
    end = time.monotonic() + 30
    while refusal(own, manifest):
        assert time.monotonic() < end
        time.sleep(0.2)
    own.create(manifest)
    patch = json.dumps({"spec": {"queues": {"required": True}, "limits": {"maxParallelism": 1}}})
    cluster.run("kubectl", "patch", "evalpolicy", namespace, "--type=merge", "-p", patch)
    fresh = changed(RIGHT["EvalRun"], {"metadata/name": "new"})
    while "limits.maxParallelism" not in refusal(own, fresh):
        assert time.monotonic() < end
        time.sleep(0.2)
    own.try_change("EvalRun", "old", {"spec": {"execution": {"suspend": False}}})
    with pytest.raises(ApiException, match=r"limits\.maxParallelism"):
        own.try_change("EvalRun", "old", {"spec": {"execution": {"parallelism": 8}}})
