"""What the operator creates, as Kubernetes gets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit.operator.sights import SETTINGS, UID, a_run, around, document_of
from unit.operator.world import endpoint_manifest, settings

from kompass_api.benchmark import Benchmark
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.outcomes import ENDS_JOB
from kompass_api.resolution import Surroundings
from kompass_api.rundocument import RunDocument
from kompass_operator.actions import CreateJob
from kompass_operator.decisions.acceptance import resolved
from kompass_operator.manifests import config_map, job
from kompass_operator.manifests.owners import owner_uid
from kompass_operator.names import Stage
from kompass_operator.observed import Observed

PLAN = CreateJob(Stage.PLAN)
SHARD = CreateJob(Stage.SHARD, 2, "m")
SUMMARIZE = CreateJob(Stage.SUMMARIZE)
STAGES = [
    pytest.param(PLAN, id="plan"),
    pytest.param(SHARD, id="shard"),
    pytest.param(SUMMARIZE, id="summarize"),
]


def shard_job(endpoint: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    run = a_run(**spec)
    model = ModelEndpoint.model_validate(endpoint_manifest(**(endpoint or {})))
    around_it = Surroundings(endpoints={"m": model}, benchmarks={})
    document = resolved(run, Observed(surroundings=around_it), SETTINGS)
    assert isinstance(document, RunDocument)
    return job(run, document, SHARD, SETTINGS)


def pod_of(manifest: dict[str, Any]) -> dict[str, Any]:
    return dict(manifest["spec"]["template"]["spec"])


def container_of(manifest: dict[str, Any]) -> dict[str, Any]:
    return dict(pod_of(manifest)["containers"][0])


def variables_of(manifest: dict[str, Any]) -> dict[str, Any]:
    return {held["name"]: held for held in container_of(manifest)["env"]}


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        pytest.param(PLAN, ["plan"], id="plan"),
        pytest.param(SHARD, ["shard", "--index", "2", "--max-restarts", "10"], id="shard"),
        pytest.param(CreateJob(Stage.PARTIAL), ["summarize", "--partial"], id="partial"),
        pytest.param(
            CreateJob(Stage.SHARD, 2, "m", turn=1, repair=1),
            ["shard", "--index", "2", "--max-restarts", "10", "--repair", "1"],
            id="shard-that-fills-a-gap",
        ),
        pytest.param(SUMMARIZE, ["summarize"], id="summarize"),
    ],
)
def test_stage_is_told_what_to_do(wanted: CreateJob, command: list[str]) -> None:
    run = a_run()
    manifest = job(run, document_of(run), wanted, SETTINGS)
    assert container_of(manifest)["command"] == [
        "kompass-worker",
        *command,
        "--run-document",
        "/etc/kompass/run/run.json",
    ]


@pytest.mark.parametrize("wanted", STAGES)
def test_pods_can_do_nothing_they_need_not(wanted: CreateJob) -> None:
    run = a_run()
    pod = pod_of(job(run, document_of(run), wanted, SETTINGS))
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = pod["containers"][0]["volumeMounts"]
    assert {mount["mountPath"] for mount in mounts if not mount.get("readOnly")} == {
        "/work",
        "/tmp",
        "/dev/shm",
    }


@pytest.mark.parametrize("wanted", STAGES)
def test_jobs_know_which_ends_are_final_and_which_cost_nothing(wanted: CreateJob) -> None:
    run = a_run(retry={"maxAttemptsPerShard": 5})
    spec = job(run, document_of(run), wanted, SETTINGS)["spec"]
    disrupted, stopped, final = spec["podFailurePolicy"]["rules"]
    assert disrupted["action"] == "Ignore"
    assert disrupted["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert (stopped["action"], stopped["onExitCodes"]["values"]) == ("Ignore", [143])
    assert final["action"] == "FailJob"
    assert final["onExitCodes"]["values"] == sorted(int(code) for code in ENDS_JOB)
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert "suspend" not in spec
    assert "ttlSecondsAfterFinished" not in spec


def test_children_belong_to_the_run_and_can_be_found() -> None:
    run = a_run()
    document = document_of(run)
    for manifest in (job(run, document, SHARD, SETTINGS), config_map(run, document)):
        assert owner_uid(manifest) == UID
        owner = manifest["metadata"]["ownerReferences"][0]
        assert (owner["controller"], owner["blockOwnerDeletion"]) == (True, False)
        assert manifest["metadata"]["labels"]["kompass.dev/run"] == "demo"
        assert manifest["metadata"]["labels"]["kompass.dev/run-uid"] == UID
    labels = job(run, document, SHARD, SETTINGS)["spec"]["template"]["metadata"]["labels"]
    assert (labels["kompass.dev/stage"], labels["kompass.dev/shard"]) == ("shard", "2")


def test_document_in_the_config_map_is_the_document() -> None:
    run = a_run()
    manifest = config_map(run, document_of(run))
    assert manifest["immutable"] is True
    text = manifest["data"]["run.json"]
    assert RunDocument.model_validate_json(text) == document_of(run)
    assert json.loads(text)["storage"]["uri"] == f"s3://results/runs/team/demo/{UID}"


@pytest.mark.parametrize(
    ("endpoint", "gpus"),
    [
        pytest.param({}, {"nvidia.com/gpu": "1"}, id="cuda"),
        pytest.param({"device": "CPU"}, {}, id="cpu"),
        pytest.param({"gpu": {"count": 4}}, {"nvidia.com/gpu": "4"}, id="four"),
        pytest.param(
            {"gpu": {"count": 1, "resourceName": "amd.com/gpu"}}, {"amd.com/gpu": "1"}, id="other"
        ),
    ],
)
def test_shards_ask_for_their_gpus(endpoint: dict[str, Any], gpus: dict[str, str]) -> None:
    resources = container_of(shard_job(endpoint))["resources"]
    assert resources.get("limits", {}) == gpus
    assert resources.get("requests", {}) == gpus


def test_shard_asks_for_what_its_endpoint_says() -> None:
    amounts = {"requests": {"cpu": 2, "memory": "8Gi"}, "limits": {"ephemeral-storage": "50Gi"}}
    resources = container_of(shard_job({"device": "CPU", "resources": amounts}))["resources"]
    assert resources == {
        "requests": {"cpu": "2", "memory": "8Gi"},
        "limits": {"ephemeral-storage": "50Gi"},
    }


def test_shard_runs_where_and_with_what_its_endpoint_says() -> None:
    placement = {
        "nodeSelector": {"gpu": "h100"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "runtimeClassName": "nvidia",
        "priorityClassName": "low",
    }
    more = {"image": "registry.example.com/own:1", "imagePullSecrets": ["pull"]}
    manifest = shard_job({"placement": placement, **more})
    pod = pod_of(manifest)
    assert {key: pod[key] for key in placement} == placement
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert container_of(manifest)["image"] == "registry.example.com/own:1"
    assert variables_of(manifest)["KOMPASS_IMAGE"]["value"] == "registry.example.com/own:1"


def test_plan_and_summary_need_no_gpu_and_take_the_operators_image() -> None:
    run = a_run()
    for wanted in (PLAN, SUMMARIZE):
        manifest = job(run, document_of(run), wanted, SETTINGS)
        assert container_of(manifest)["image"] == "kompass-worker:test"
        assert container_of(manifest)["resources"] == {
            "requests": {"cpu": "250m", "memory": "512Mi"},
            "limits": {"memory": "4Gi"},
        }
        assert not {"tolerations", "nodeSelector"} & pod_of(manifest).keys()


def test_secrets_come_by_reference_so_that_a_missing_one_is_seen() -> None:
    storage = {"uri": "s3://results/x", "s3": {"credentialsSecret": "team-keys"}}
    source = {"source": {"uri": "hf://owner/gated", "tokenSecret": "hub"}}
    variables = variables_of(shard_job(source, storage=storage))
    held = {name: value.get("valueFrom") for name, value in variables.items()}
    reference = {"secretKeyRef": {"name": "team-keys", "key": "AWS_ACCESS_KEY_ID"}}
    assert held["KOMPASS_SECRET__TEAM_KEYS__AWS_ACCESS_KEY_ID"] == reference
    assert held["KOMPASS_SECRET__HUB__HF_TOKEN"] == {
        "secretKeyRef": {"name": "hub", "key": "HF_TOKEN"}
    }


def two_models() -> tuple[EvalRun, RunDocument]:
    run = a_run(models=[{"name": "a"}, {"name": "b"}], benchmarks=[{"name": "own"}])
    sources = {
        "a": {"uri": "pvc://weights/a"},
        "b": {"uri": "hf://owner/b", "tokenSecret": "hub"},
    }
    endpoints = {
        name: ModelEndpoint.model_validate(endpoint_manifest(name, source=source, modelType="Base"))
        for name, source in sources.items()
    }
    benchmark = Benchmark.model_validate(
        {
            "metadata": {"name": "own"},
            "spec": {
                "data": {
                    "source": {"uri": "pvc://data.set/own"},
                    "inputColumns": ["q"],
                    "outputColumn": "a",
                },
                "prompt": {
                    "rounds": [
                        {"role": "HUMAN", "prompt": "{q}"},
                        {"role": "BOT", "prompt": "{a}"},
                    ]
                },
                "method": "Generation",
                "subjects": [{"name": "s"}],
            },
        }
    )
    around_it = Surroundings(endpoints=endpoints, benchmarks={"own": benchmark})
    document = resolved(run, Observed(surroundings=around_it), SETTINGS)
    assert isinstance(document, RunDocument), document
    return run, document


@pytest.mark.parametrize(
    ("wanted", "claims", "has_token"),
    [
        pytest.param(PLAN, ["data.set", "weights"], True, id="plan"),
        pytest.param(CreateJob(Stage.SHARD, 0, "a"), ["data.set", "weights"], False, id="shard-a"),
        pytest.param(CreateJob(Stage.SHARD, 1, "b"), ["data.set"], True, id="shard-b"),
        pytest.param(SUMMARIZE, ["data.set"], False, id="summarize"),
    ],
)
def test_pods_get_the_volumes_and_secrets_of_what_they_read(
    wanted: CreateJob, claims: list[str], *, has_token: bool
) -> None:
    run, document = two_models()
    manifest = job(run, document, wanted, SETTINGS)
    volumes = [held for held in pod_of(manifest)["volumes"] if "persistentVolumeClaim" in held]
    assert [held["persistentVolumeClaim"]["claimName"] for held in volumes] == claims
    assert all(held["persistentVolumeClaim"]["readOnly"] for held in volumes)
    mounts = {held["mountPath"]: held for held in container_of(manifest)["volumeMounts"]}
    assert all(mounts[f"/mnt/pvc/{claim}"]["readOnly"] for claim in claims)
    assert ("KOMPASS_SECRET__HUB__HF_TOKEN" in variables_of(manifest)) is has_token


def test_queue_labels_are_on_every_job() -> None:
    run = a_run(execution={"queue": {"name": "team", "priorityClass": "low"}})
    for wanted in (PLAN, SHARD, SUMMARIZE):
        labels = job(run, document_of(run), wanted, SETTINGS)["metadata"]["labels"]
        assert labels["kueue.x-k8s.io/queue-name"] == "team"
        assert labels["kueue.x-k8s.io/priority-class"] == "low"


def test_shard_deadline_is_for_shards() -> None:
    run = a_run(execution={"shardDeadlineSeconds": 90})
    document = document_of(run)
    assert job(run, document, SHARD, SETTINGS)["spec"]["activeDeadlineSeconds"] == 90
    assert "activeDeadlineSeconds" not in job(run, document, PLAN, SETTINGS)["spec"]


def test_environment_of_the_operator_does_not_replace_what_pods_rely_on() -> None:
    run = a_run()
    more = settings(worker_env={"HF_ENDPOINT": "https://hub.example.com", "HOME": "/root"})
    variables = variables_of(job(run, document_of(run), PLAN, more))
    assert variables["HF_ENDPOINT"]["value"] == "https://hub.example.com"
    assert variables["HOME"]["value"] == "/work/home"


def test_surroundings_of_the_tests_are_whole() -> None:
    assert set(around().endpoints) == {"m"}


def test_only_a_shard_tells_how_far_it_is() -> None:
    run = a_run()
    document = document_of(run)
    told = {
        wanted.stage: container_of(job(run, document, wanted, SETTINGS)).get("ports", [])
        for wanted in (PLAN, SHARD, SUMMARIZE)
    }
    page = {"name": "progress", "containerPort": 8082}
    assert told == {Stage.PLAN: [], Stage.SHARD: [page], Stage.SUMMARIZE: []}
    assert variables_of(shard_job())["KOMPASS_PROGRESS_PORT"]["value"] == "8082"
