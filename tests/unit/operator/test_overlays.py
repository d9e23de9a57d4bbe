"""What people may add to pods, and what they cannot."""

from __future__ import annotations

from typing import Any

import pytest
from unit.operator.sights import UID, a_run
from unit.operator.test_manifests import PLAN, container_of, pod_of, shard_job
from unit.operator.world import endpoint_manifest, settings

from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.placement import Gpu
from kompass_api.resolution import Surroundings
from kompass_api.schema import structural
from kompass_operator.decisions.acceptance import resolved
from kompass_operator.manifests import job
from kompass_operator.observed import Observed


def shard_pod(endpoint: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return pod_of(shard_job(endpoint, **spec))


def test_gpu_product_becomes_a_node_label_beside_others() -> None:
    pod = shard_pod(
        {
            "gpu": {"product": "NVIDIA-H100-80GB-HBM3"},
            "placement": {"nodeSelector": {"pool": "evals"}},
        }
    )
    assert pod["nodeSelector"] == {
        "pool": "evals",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
    }


def test_shards_of_a_run_are_spread_among_themselves() -> None:
    pod = shard_pod(
        {
            "placement": {
                "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}],
            }
        }
    )
    assert pod["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {
                "matchLabels": {"kompass.dev/run-uid": UID, "kompass.dev/stage": "shard"}
            },
        }
    ]


def test_affinity_and_scheduler_go_into_the_pod_as_they_are() -> None:
    term = {"matchExpressions": [{"key": "gpu.memory", "operator": "Gt", "values": ["70000"]}]}
    affinity = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
        },
    }
    pod = shard_pod({"placement": {"affinity": affinity, "schedulerName": "volcano"}})
    assert pod["affinity"] == affinity
    assert pod["schedulerName"] == "volcano"


def test_volumes_of_one_kind_each_are_mounted_where_they_should_be() -> None:
    volumes = [
        {
            "name": "cache",
            "mountPath": "/work/huggingface",
            "persistentVolumeClaim": {"claimName": "hub-cache"},
        },
        {"name": "scratch", "mountPath": "/cache", "emptyDir": {"sizeLimit": "50Gi"}},
        {
            "name": "certs",
            "mountPath": "/data/certs",
            "csi": {"driver": "csi.cert-manager.io", "readOnly": True},
        },
    ]
    manifest = shard_job({"pod": {"volumes": volumes}})
    found = {held["name"]: held for held in pod_of(manifest)["volumes"]}
    assert found["own-cache"]["persistentVolumeClaim"] == {"claimName": "hub-cache"}
    assert found["own-scratch"]["emptyDir"] == {"sizeLimit": "50Gi"}
    assert found["own-certs"]["csi"] == {"driver": "csi.cert-manager.io", "readOnly": True}
    mounts = {held["name"]: held for held in container_of(manifest)["volumeMounts"]}
    assert mounts["own-cache"] == {"name": "own-cache", "mountPath": "/work/huggingface"}
    assert mounts["own-certs"]["readOnly"] is True


@pytest.mark.parametrize(
    ("overlay", "volume"),
    [
        pytest.param({}, {"medium": "Memory"}, id="as-much-as-there-is"),
        pytest.param(
            {"sharedMemory": "16Gi"}, {"medium": "Memory", "sizeLimit": "16Gi"}, id="limited"
        ),
    ],
)
def test_shared_memory_has_the_size_that_is_asked_for(
    overlay: dict[str, Any], volume: dict[str, str]
) -> None:
    found = {held["name"]: held for held in shard_pod({"pod": overlay})["volumes"]}
    assert found["shm"]["emptyDir"] == volume


def test_marks_of_run_and_model_are_on_the_pod_and_kompass_has_the_last_word() -> None:
    run_marks = {"labels": {"team": "nlp", "cost": "a"}, "annotations": {"example.com/why": "x"}}
    model_marks = {"labels": {"cost": "b"}}
    manifest = shard_job({"pod": model_marks}, execution={"pod": run_marks})
    metadata = manifest["spec"]["template"]["metadata"]
    assert metadata["labels"]["team"] == "nlp"
    assert metadata["labels"]["cost"] == "b"
    assert metadata["labels"]["kompass.dev/run"] == "demo"
    assert metadata["annotations"] == {"example.com/why": "x"}


def test_plan_runs_where_the_run_says_and_not_where_its_models_do() -> None:
    tolerations = [{"key": "cpu", "operator": "Exists"}]
    placement = {"placement": {"tolerations": tolerations}}
    endpoint = {"placement": {"nodeSelector": {"gpu": "h100"}}}
    shard = pod_of(shard_job(endpoint, execution=placement))
    assert "tolerations" not in shard
    run, document = _resolved(endpoint, execution=placement)
    pod = pod_of(job(run, document, PLAN, settings()))
    assert pod["tolerations"] == tolerations
    assert "nodeSelector" not in pod


def _resolved(endpoint: dict[str, Any], **spec: Any) -> tuple[EvalRun, Any]:
    run = a_run(**spec)
    model = ModelEndpoint.model_validate(endpoint_manifest(**endpoint))
    around = Surroundings(endpoints={"m": model}, benchmarks={})
    return run, resolved(run, Observed(surroundings=around), settings())


@pytest.mark.parametrize(
    ("name", "is_share"),
    [
        pytest.param("nvidia.com/gpu", False, id="whole"),
        pytest.param("nvidia.com/gpu.shared", True, id="time-slicing"),
        pytest.param("nvidia.com/mig-1g.10gb", True, id="mig"),
        pytest.param("amd.com/gpu", False, id="other-vendor"),
    ],
)
def test_shares_of_gpus_are_known_by_their_resource(name: str, *, is_share: bool) -> None:
    assert Gpu(resource_name=name).is_share is is_share


_FORBIDDEN = {
    "containers",
    "initContainers",
    "ephemeralContainers",
    "hostPath",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostPort",
    "privileged",
    "securityContext",
    "capabilities",
    "serviceAccountName",
    "nfs",
    "projected",
    "secret",
    "nodeName",
}


def test_what_would_leave_the_sandbox_cannot_be_said() -> None:
    for kind in (ModelEndpoint, EvalRun):
        assert not _FORBIDDEN & _fields(structural(kind))


def _fields(schema: dict[str, Any]) -> set[str]:
    found = set(schema.get("properties", {}))
    children = [*schema.get("properties", {}).values()]
    children += [child for child in (schema.get("items"),) if child is not None]
    return found.union(*(_fields(child) for child in children)) if children else found
