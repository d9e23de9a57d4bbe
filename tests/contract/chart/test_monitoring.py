"""What Prometheus, its operator and Grafana get from the chart is what they take."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from contract.chart.promtool import find_promtool
from contract.chart.test_api_server import accept
from unit.operator.test_metrics import finished_run, metrics_of

from clusters import Cluster, CommandFailed, output
from kompass_api.resources import ObjectMeta
from kompass_operator.names import Stage, labels

Object = dict[str, Any]
Render = Callable[..., list[Object]]
EVERYTHING: Object = {
    "metrics": {
        "enabled": True,
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"grafana_folder": "Evaluation"}},
    }
}
OPERATOR_KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


@pytest.fixture(scope="session")
def promtool() -> str:
    program = find_promtool()
    if program is None:
        message = "needs promtool (apt-get install prometheus, or INSTALL=1)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program


@pytest.fixture(scope="session")
def crds(shared: Path) -> dict[str, Object]:
    """The Prometheus operator's kinds."""
    folder = shared / "data" / "prometheus-operator-crds"
    found = [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))]
    return {crd["spec"]["names"]["kind"]: crd for crd in found}


def one(objects: list[Object], kind: str, part: str = "") -> Object:
    return next(
        held for held in objects if held["kind"] == kind and part in held["metadata"]["name"]
    )


def strict(schema: Any) -> Any:
    """A CRD's schema that refuses unknown fields, as a strict API server does."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(part) for key, part in schema.items()}
    if "(?i)" in str(closed.get("pattern", "")):
        # Go takes a flag anywhere, Python at the start only.
        del closed["pattern"]
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def matches(selector: Object, found: Object) -> bool:
    wanted: Object = selector["matchLabels"]
    return wanted.items() <= found.items()


def test_alerts_parse_and_fire_when_they_should(
    promtool: str, render: Render, root: Path, tmp_path: Path
) -> None:
    rule = one(render(EVERYTHING), "PrometheusRule")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(rule["spec"]))
    shutil.copy(root / "tests/contract/chart/alerts_test.yaml", tmp_path)
    assert "12 rules found" in output([promtool, "check", "rules", str(tmp_path / "alerts.yaml")])
    said = output([promtool, "test", "rules", str(tmp_path / "alerts_test.yaml")])
    assert "SUCCESS" in said


def test_every_alert_is_played(root: Path) -> None:
    rules = yaml.safe_load((root / "helm/kompass/files/alerts.yaml").read_text())["groups"]
    played = (root / "tests/contract/chart/alerts_test.yaml").read_text()
    for rule in (rule for group in rules for rule in group["rules"]):
        assert played.count(rule["alert"]) >= 2, rule["alert"]


async def test_metrics_have_the_form_that_prometheus_wants(promtool: str) -> None:
    page = metrics_of(await finished_run()).page().decode()
    output([promtool, "check", "metrics"], text=page)


def test_a_metric_of_bad_form_is_found(promtool: str) -> None:
    with pytest.raises(CommandFailed, match="should have"):
        output([promtool, "check", "metrics"], text="# TYPE a_count counter\na_count 1\n")


@pytest.mark.shared
@pytest.mark.parametrize("kind", OPERATOR_KINDS)
def test_objects_have_the_fields_of_the_prometheus_operator(
    render: Render, crds: dict[str, Object], kind: str
) -> None:
    schema = strict(crds[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    found = one(render(EVERYTHING), kind)
    spec = schema["properties"]["spec"]
    jsonschema.validate(found["spec"], spec)
    with pytest.raises(jsonschema.ValidationError, match="cadence"):
        jsonschema.validate({**found["spec"], "cadence": "30s"}, spec)
    assert found["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.cluster
@pytest.mark.shared
def test_prometheus_operators_kinds_are_taken_by_an_api_server(
    cluster: Cluster, render: Render, crds: dict[str, Object], restricted: str
) -> None:
    text = yaml.safe_dump_all(crds.values())
    cluster.run("kubectl", "apply", "--server-side", "-f", "-", text=text)
    try:
        for crd in crds.values():
            wanted = f"crd/{crd['metadata']['name']}"
            cluster.run("kubectl", "wait", "--for=condition=Established", wanted)
        accept(cluster, render(EVERYTHING, namespace=restricted))
    finally:
        cluster.run("kubectl", "delete", "-f", "-", "--wait=false", text=text)


def test_service_and_monitor_lead_to_the_operators_port(render: Render) -> None:
    objects = render(EVERYTHING)
    deployment = one(objects, "Deployment", "operator")
    pod = deployment["spec"]["template"]
    service = one(objects, "Service", "metrics")
    monitor = one(objects, "ServiceMonitor")
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    ports = {port["name"]: port for port in pod["spec"]["containers"][0]["ports"]}
    target = service["spec"]["ports"][0]["targetPort"]
    variables = {held["name"]: held["value"] for held in pod["spec"]["containers"][0]["env"]}
    assert str(ports[target]["containerPort"]) == variables["KOMPASS_METRICS_PORT"]
    assert matches(monitor["spec"]["selector"], service["metadata"]["labels"])
    endpoint = monitor["spec"]["endpoints"][0]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert monitor["spec"]["namespaceSelector"]["matchNames"] == ["kompass"]


def test_monitor_of_the_operator_leads_to_no_other_service(render: Render) -> None:
    objects = render({**EVERYTHING, "objectStorage": {"embedded": {"enabled": True}}})
    monitor = one(objects, "ServiceMonitor")
    services = [held for held in objects if held["kind"] == "Service"]
    found = [
        held["metadata"]["name"]
        for held in services
        if matches(monitor["spec"]["selector"], held["metadata"]["labels"])
    ]
    assert len(services) == 2
    assert found == ["kompass-operator-metrics"]


def test_monitor_of_the_pods_leads_to_what_shards_serve(render: Render) -> None:
    monitor = one(render(EVERYTHING), "PodMonitor")
    own = labels(ObjectMeta(name="demo", uid="u"), Stage.SHARD, 1)
    assert matches(monitor["spec"]["selector"], own)
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "progress"
    assert monitor["spec"]["namespaceSelector"] == {"any": True}
    named = one(render({**EVERYTHING, "watch": {"namespaces": ["team-a"]}}), "PodMonitor")
    assert named["spec"]["namespaceSelector"] == {"matchNames": ["team-a"]}


def test_dashboard_is_found_by_the_sidecar(render: Render, root: Path) -> None:
    board = one(render(EVERYTHING), "ConfigMap", "dashboard")
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert board["metadata"]["annotations"] == {"grafana_folder": "Evaluation"}
    held = json.loads((root / "helm/kompass/files/dashboard.json").read_text())
    assert json.loads(board["data"]["kompass.json"]) == held


def test_nothing_of_it_is_there_unless_asked_for(render: Render) -> None:
    objects = render()
    kinds = {held["kind"] for held in objects}
    assert not kinds & {*OPERATOR_KINDS, "Service", "ConfigMap"}
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "KOMPASS_METRICS_PORT", "value": "0"} in pod["env"]
    assert [port["name"] for port in pod["ports"]] == ["health"]


def test_monitor_without_metrics_is_refused(render: Render) -> None:
    with pytest.raises(CommandFailed, match=r"needs metrics\.enabled"):
        render({"metrics": {"serviceMonitor": {"enabled": True}}})
