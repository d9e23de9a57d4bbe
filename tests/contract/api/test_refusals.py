"""The API server refuses wrong manifests with a message that names the field and the fix."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from api_manifests import ALSO_RIGHT, BROKEN_RULES, BROKEN_TYPES, RIGHT, Wrong, changed
from custom_objects import CustomObjects, Object
from kubernetes.client import ApiException

from kompass_api import ModelEndpoint

pytestmark = pytest.mark.cluster

WRONG = {**BROKEN_RULES, **BROKEN_TYPES}


def message(refused: ApiException) -> str:
    return str(json.loads(refused.body or "{}")["message"])


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=name) for name, wrong in WRONG.items()])
def test_a_wrong_manifest_is_refused(api: CustomObjects, wrong: Wrong) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_out(wrong.manifest)
    said = message(refused.value)
    assert wrong.field in said
    assert wrong.fix in said


@pytest.mark.parametrize(
    ("kind", "changes"), [pytest.param(*right, id=name) for name, right in ALSO_RIGHT.items()]
)
def test_a_right_manifest_is_taken(
    api: CustomObjects, kind: str, changes: Mapping[str, object]
) -> None:
    assert api.try_out(changed(RIGHT[kind], changes))["kind"] == kind


@pytest.fixture(scope="module")
def held(api: CustomObjects) -> str:
    """A run with every optional part of what may not change."""
    name = "held"
    changes = {
        "metadata/name": name,
        "spec/storage": {"uri": "s3://results/x"},
        "spec/sharding": {"shardsPerModel": 2},
        "spec/execution/deadlineSeconds": 3600,
        "spec/execution/queue": {"name": "team"},
    }
    api.create(changed(RIGHT["EvalRun"], changes))
    return name


@pytest.fixture(scope="module")
def bare(api: CustomObjects) -> str:
    """A run with none."""
    name = "bare"
    api.create(changed(RIGHT["EvalRun"], {"metadata/name": name}))
    return name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("models", [{"name": "other"}], id="another-model"),
        pytest.param("models", [{"name": "llama"}, {"name": "other"}], id="one-model-more"),
        pytest.param("benchmarks", [{"name": "ceval-gen"}], id="source-removed"),
        pytest.param(
            "benchmarks",
            [{"name": "ceval-gen", "limit": 5, "source": {"uri": "s3://data/ceval"}}],
            id="limit-added",
        ),
        pytest.param("seed", 1, id="another-seed"),
        pytest.param("sharding", {"shardsPerModel": 3}, id="more-shards"),
        pytest.param("sharding", {"shardsPerModel": None}, id="sharding-emptied"),
        pytest.param("sharding", None, id="sharding-removed"),
        pytest.param("storage", {"uri": "s3://results/y"}, id="another-bucket"),
        pytest.param("storage", {"s3": {"region": "eu-central-1"}}, id="another-region"),
        pytest.param("storage", None, id="storage-removed"),
    ],
)
def test_what_is_measured_cannot_change(
    api: CustomObjects, held: str, field: str, value: object
) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_change("EvalRun", held, {"spec": {field: value}})
    assert f"spec.{field} cannot change: put it back, or make a new EvalRun" in message(
        refused.value
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("storage", {"uri": "s3://results/x"}, id="storage-added"),
        pytest.param("sharding", {"maxItemsPerShard": 5}, id="sharding-added"),
    ],
)
def test_what_is_measured_cannot_be_added(
    api: CustomObjects, bare: str, field: str, value: object
) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_change("EvalRun", bare, {"spec": {field: value}})
    assert f"spec.{field} cannot change" in message(refused.value)


@pytest.mark.parametrize(
    ("execution", "fix"),
    [
        pytest.param(
            {"deadlineSeconds": 1800}, "deadlineSeconds may only grow", id="shorter-deadline"
        ),
        pytest.param({"queue": {"name": "other"}}, "queue cannot change", id="another-queue"),
        pytest.param(
            {"queue": {"priorityClass": "high"}}, "queue cannot change", id="another-priority"
        ),
        pytest.param({"queue": None}, "queue cannot change", id="queue-removed"),
    ],
)
def test_execution_that_cannot_change(
    api: CustomObjects, held: str, execution: Object, fix: str
) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_change("EvalRun", held, {"spec": {"execution": execution}})
    assert fix in message(refused.value)


def test_a_run_without_a_deadline_gets_none(api: CustomObjects, bare: str) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_change("EvalRun", bare, {"spec": {"execution": {"deadlineSeconds": 3600}}})
    assert "spec.execution.deadlineSeconds" in message(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"execution": {"suspend": False}}, id="resume"),
        pytest.param({"execution": {"parallelism": 16}}, id="parallelism"),
        pytest.param({"execution": {"deadlineSeconds": 7200}}, id="longer-deadline"),
        pytest.param({"execution": {"deadlineSeconds": None}}, id="no-deadline"),
        pytest.param({"execution": {"shardDeadlineSeconds": 600}}, id="shard-deadline"),
        pytest.param({"cleanup": {"ttlSecondsAfterFinished": 60}}, id="clean-up"),
        pytest.param({"retry": {"maxAttemptsPerShard": 1}}, id="attempts"),
    ],
)
def test_how_it_is_carried_out_may_change(api: CustomObjects, held: str, change: Object) -> None:
    assert api.try_change("EvalRun", held, {"spec": change})["metadata"]["name"] == held


def test_a_queue_may_be_set_later(api: CustomObjects, bare: str) -> None:
    changed_run = api.try_change("EvalRun", bare, {"spec": {"execution": {"queue": {"name": "a"}}}})
    assert changed_run["spec"]["execution"]["queue"] == {"name": "a"}


def test_defaults_are_written_out(api: CustomObjects) -> None:
    stored = api.try_out(changed(RIGHT["EvalRun"], {"spec/execution": {}}))
    assert stored["spec"] == {
        "models": [{"name": "llama"}],
        "benchmarks": [{"name": "ceval-gen", "subjects": [], "source": {"uri": "s3://data/ceval"}}],
        "profile": "opencompass@0.5",
        "seed": 0,
        "sharding": {},
        "table": {"rows": [], "groups": []},
        "execution": {
            "parallelism": 4,
            "suspend": False,
            "onNodeLost": "Replace",
            "placement": {"nodeSelector": {}, "tolerations": [], "topologySpreadConstraints": []},
            "pod": {"annotations": {}, "labels": {}},
        },
        "security": {"network": "Online", "codeExecution": "Deny"},
        "retry": {
            "maxAttemptsPerShard": 3,
            "maxInfraRestartsPerShard": 10,
            "maxFailedShards": 0,
            "onExhausted": "FailRun",
        },
        "cleanup": {},
        "gates": [],
        "gateMode": "Gate",
        "notifications": [],
        "reuse": "Always",
    }


def test_defaults_are_those_of_kompass_run(api: CustomObjects) -> None:
    stored = api.try_out(RIGHT["ModelEndpoint"])
    local = ModelEndpoint.model_validate(RIGHT["ModelEndpoint"]).spec
    assert ModelEndpoint.model_validate(stored).spec == local


def test_a_spec_change_does_not_touch_status_and_status_no_spec(
    api: CustomObjects, bare: str
) -> None:
    stored = api.try_status("EvalRun", bare, {"phase": "Planning", "progress": "0/1"})
    assert stored["status"]["phase"] == "Planning"
    assert stored["metadata"]["generation"] == 1


def test_an_unknown_status_field_is_refused(api: CustomObjects, bare: str) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_status("EvalRun", bare, {"state": "Planning"})
    assert 'unknown field "status.state"' in message(refused.value)


def test_a_score_as_number_is_refused(api: CustomObjects, bare: str) -> None:
    with pytest.raises(ApiException) as refused:
        api.try_status("EvalRun", bare, {"score": 0.5})
    assert "score in body must be of type string" in message(refused.value)
