"""The API server takes what the chart renders, as strict as PodSecurity can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from clusters import Cluster

pytestmark = pytest.mark.cluster

Object = dict[str, Any]
EMBEDDED: Object = {"objectStorage": {"embedded": {"enabled": True}}}


def values_of_everything(namespace: str) -> Object:
    return {
        "imagePullSecrets": ["registry"],
        "watch": {"namespaces": [namespace]},
        "objectStorage": {
            "embedded": {
                "enabled": True,
                "persistence": {"enabled": True, "storageClass": "fast", "size": "20Gi"},
            }
        },
        "serviceAccount": {"annotations": {"team": "evaluation"}},
        "extraEnv": [{"name": "KOMPASS_RESYNC_SECONDS", "value": "60"}],
        "podAnnotations": {"team": "evaluation"},
        "podLabels": {"team": "evaluation"},
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
    }


@pytest.mark.parametrize("values", [{}, EMBEDDED], ids=["defaults", "embedded-storage"])
def test_objects_are_valid(
    cluster: Cluster, render: Callable[..., list[Object]], restricted: str, values: Object
) -> None:
    accept(cluster, render(values, namespace=restricted))


def test_objects_of_all_values_are_valid(
    cluster: Cluster, render: Callable[..., list[Object]], restricted: str
) -> None:
    accept(cluster, render(values_of_everything(restricted), namespace=restricted))


def test_pods_hold_to_podsecurity_restricted(
    cluster: Cluster, render: Callable[..., list[Object]], restricted: str
) -> None:
    objects = render(EMBEDDED, namespace=restricted)
    templates = {
        one["metadata"]["name"]: one["spec"]["template"]
        for one in objects
        if one["kind"] == "Deployment"
    }
    account = [one for one in objects if one["kind"] == "ServiceAccount"]
    cluster.run("kubectl", "apply", "-f", "-", text=listed(account))
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": restricted},
            "spec": template["spec"],
        }
        for name, template in templates.items()
    ]
    accept(cluster, pods)
    assert sorted(templates) == ["kompass-operator", "kompass-s3"]


def test_generated_keys_survive_an_upgrade(
    cluster: Cluster, helm: Callable[..., str], restricted: str
) -> None:
    place = ("trial", "--namespace", restricted, "--dry-run=server", "--output", "json")
    values = {**EMBEDDED, "crds": {"enabled": False}}
    first = keys(helm("install", *place, values=values, environment=cluster.environment))
    cluster.run("kubectl", "apply", "-f", "-", text=json.dumps(owned(first, restricted)))
    second = keys(helm("install", *place, values=values, environment=cluster.environment))
    assert second["stringData"] == first["stringData"]


def accept(cluster: Cluster, objects: list[Object]) -> None:
    cluster.run(
        *("kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server"),
        *("--field-manager", "kompass-contract-tests", "-f", "-"),
        text=listed(objects),
    )


def listed(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def keys(release: str) -> Object:
    documents = yaml.safe_load_all(json.loads(release)["manifest"])
    found: Object = next(
        one
        for one in documents
        if one and one["kind"] == "Secret" and "stringData" in one
        if one["metadata"]["name"] == "trial-kompass-s3"
    )
    return found


def owned(secret: Object, namespace: str) -> Object:
    annotations = {
        "meta.helm.sh/release-name": "trial",
        "meta.helm.sh/release-namespace": namespace,
    }
    return {**secret, "metadata": {**secret["metadata"], "annotations": annotations}}
