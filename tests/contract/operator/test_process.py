"""The operator as a process, with its own rights only, against a real API server.

The Job controller and the garbage collector are real; the test ends the pods.
"""

from __future__ import annotations

import random
import time

import pytest
from contract.operator.stage import Object, Stage
from unit.operator.world import failure_message, plan_message, report_message

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

SHARDS = 3
RESUME = '{"spec": {"execution": {"suspend": false}}}'
SUSPEND = '{"spec": {"execution": {"suspend": true}}}'
MESSAGES = {"plan": plan_message(SHARDS), "summarize": report_message("61.54")}


def endpoint(**spec: object) -> Object:
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": "m"},
        "spec": {"source": {"uri": "s3://models/m"}, "device": "CPU", **spec},
    }


def run(name: str, **spec: object) -> Object:
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": name},
        "spec": {"models": [{"name": "m"}], "benchmarks": [{"name": "ceval-gen"}], **spec},
    }


def to_its_end(stage: Stage, name: str) -> Object:
    def finished() -> bool:
        stage.play(name, MESSAGES)
        return stage.condition(name, "Finished")[0] == "True"

    stage.until(finished, seconds=120)
    return stage.get("evalrun", name)


def test_run_ends_with_a_score_and_every_job_once(stage: Stage) -> None:
    stage.apply(endpoint(), run("whole", execution={"parallelism": 2}))
    status = to_its_end(stage, "whole")["status"]
    assert (status["phase"], status["score"], status["progress"]) == ("Succeeded", "61.54", "3/3")
    jobs = stage.items("jobs", "kompass.dev/run=whole")
    assert len(jobs) == SHARDS + 2, [job["metadata"]["name"] for job in jobs]
    assert all(job["status"].get("failed", 0) == 0 for job in jobs)
    events = {event["reason"] for event in stage.items("events")}
    assert {"Accepted", "AllShardsSucceeded", "EvaluationSucceeded"} <= events
    assert '"level": "ERROR"' not in stage.operator.log


def test_kubectl_wait_ends_and_writes_touch_nothing_but_the_status(stage: Stage) -> None:
    stage.apply(endpoint(), run("waited", execution={"suspend": True}))
    stage.wait_for("waited", "Suspended", "True")
    stage.kubectl("patch", "evalrun", "waited", "--type=merge", "-p", RESUME)
    to_its_end(stage, "waited")
    stage.kubectl("wait", "--for=condition=Finished", "evalrun/waited", "--timeout=5s")
    shown = stage.kubectl("get", "evalrun", "waited", "-o", "json", "--show-managed-fields")
    assert "finalizers" not in stage.get("evalrun", "waited")["metadata"]
    assert '"manager": "kompass-operator"' in shown
    annotations = stage.get("evalrun", "waited")["metadata"].get("annotations", {})
    assert set(annotations) <= {"kubectl.kubernetes.io/last-applied-configuration"}


def test_operator_killed_again_and_again_loses_and_duplicates_nothing(stage: Stage) -> None:
    stage.apply(endpoint(), run("killed", execution={"parallelism": 1}))
    pause = random.Random(7)
    for _ in range(8):
        time.sleep(pause.uniform(0.2, 2.5))
        stage.operator.kill()
        stage.operator.start()
        stage.play("killed", MESSAGES)
    status = to_its_end(stage, "killed")["status"]
    assert status["score"] == "61.54"
    assert len(stage.items("jobs", "kompass.dev/run=killed")) == SHARDS + 2
    assert len(stage.items("configmaps", "kompass.dev/run=killed")) == 1


def test_end_that_cannot_work_fails_the_run_at_once(stage: Stage) -> None:
    stage.apply(endpoint(), run("broken"))
    stage.end_pod(stage.open_pod("broken", "plan"), 0, MESSAGES["plan"])
    words = "model.safetensors: expected 10 bytes, found 9"
    stage.end_pod(
        stage.open_pod("broken", "shard", 1), 78, failure_message("ModelLoadFailed", words)
    )
    assert stage.wait_for("broken", "Failed", "True") == "ModelLoadFailed"
    assert words in stage.condition("broken", "Failed")[2]
    failure = stage.get("evalrun", "broken")["status"]["failures"][0]
    assert (failure["class"], failure["exitCode"], failure["shard"]) == ("ModelLoadFailed", 78, 1)
    stage.until(
        lambda: all(
            not job["status"].get("active") for job in stage.items("jobs", "kompass.dev/run=broken")
        )
    )


def test_checkpointed_stop_costs_no_attempt(stage: Stage) -> None:
    stage.apply(endpoint(), run("drained", retry={"maxAttemptsPerShard": 1}))
    stage.end_pod(stage.open_pod("drained", "plan"), 0, plan_message(1))
    first = stage.open_pod("drained", "shard", 0)
    stage.end_pod(first, 143, failure_message("Interrupted", "told to stop"))
    stage.until(lambda: stage.open_pod("drained", "shard", 0) != first)
    assert stage.condition("drained", "Finished")[0] == "False"
    assert stage.get("evalrun", "drained")["status"]["failures"] == []
    assert to_its_end(stage, "drained")["status"]["phase"] == "Succeeded"


def test_suspend_removes_the_pods_and_resume_brings_them_back(stage: Stage) -> None:
    stage.apply(endpoint(), run("paused"))
    stage.end_pod(stage.open_pod("paused", "plan"), 0, MESSAGES["plan"])
    stage.end_pod(stage.open_pod("paused", "shard", 0))
    stage.until(lambda: stage.get("evalrun", "paused")["status"]["shards"]["succeeded"] == 1)
    stage.kubectl("patch", "evalrun", "paused", "--type=merge", "-p", SUSPEND)
    assert stage.wait_for("paused", "Suspended", "True") == "UserSuspended"
    selector = "kompass.dev/run=paused,kompass.dev/stage=shard"
    stage.until(lambda: len(stage.items("jobs", selector)) == 1)
    stage.until(lambda: len(stage.items("pods", selector)) == 1)
    stage.kubectl("patch", "evalrun", "paused", "--type=merge", "-p", RESUME)
    assert to_its_end(stage, "paused")["status"]["score"] == "61.54"


def test_deleted_run_leaves_nothing(stage: Stage) -> None:
    stage.apply(endpoint(), run("gone"))
    stage.open_pod("gone", "plan")
    stage.kubectl("delete", "evalrun", "gone", "--timeout=10s")
    kinds = "jobs,pods,configmaps"
    stage.until(lambda: not stage.items(kinds, "kompass.dev/run=gone"))


def test_endpoint_that_comes_late_is_used(stage: Stage) -> None:
    stage.apply(run("late"))
    stage.until(lambda: stage.condition("late", "Accepted")[1] == "EndpointNotFound")
    stage.apply(endpoint())
    assert stage.wait_for("late", "Accepted", "True") == "Accepted"


def test_endpoint_that_never_comes_is_said_to_be_missing(stage: Stage) -> None:
    stage.apply(run("never"))
    assert stage.wait_for("never", "Failed", "True") == "EndpointNotFound"
    assert "ModelEndpoint 'm' does not exist" in stage.condition("never", "Failed")[2]


def test_scheduler_without_a_node_is_waited_for(stage: Stage) -> None:
    stage.apply(endpoint(), run("crowded"))
    stage.until(lambda: stage.condition("crowded", "Progressing")[1] == "Unschedulable")
    assert "kompass.dev/nothing" in stage.condition("crowded", "Progressing")[2]
    time.sleep(6)
    assert stage.condition("crowded", "Finished")[0] == "False"


@pytest.mark.parametrize(
    ("reason", "message", "waiting", "failed"),
    [
        pytest.param(
            "ErrImagePull", "x:1: not found", "ImagePullBackOff", "ImageUnavailable", id="image"
        ),
        pytest.param(
            "CreateContainerConfigError",
            'secret "keys" not found',
            "SecretMissing",
            "SecretMissing",
            id="secret",
        ),
    ],
)
def test_pod_that_waits_for_what_does_not_exist(
    stage: Stage, reason: str, message: str, waiting: str, failed: str
) -> None:
    stage.apply(endpoint(), run("stuck"))
    pod = stage.open_pod("stuck", "plan")
    stage.bind(pod)
    stage.pod_status(pod, "Pending", {"waiting": {"reason": reason, "message": message}})
    stage.until(lambda: stage.condition("stuck", "Progressing")[1] in {waiting, failed})
    assert stage.wait_for("stuck", "Failed", "True") == failed
    assert message in stage.condition("stuck", "Failed")[2]


def test_operator_stops_when_told(stage: Stage) -> None:
    stage.until(lambda: "operator started" in stage.operator.log)
    assert stage.operator.stop() == 0
    assert "operator stopped" in stage.operator.log
