"""People and controllers interfere with a run of a real API server, Job controller and GC."""

from __future__ import annotations

import json
import time

import pytest
from contract.operator.stage import Object
from contract.operator.test_process import endpoint, run
from contract.scenarios.hands import SHARDS, Hands
from contract.scenarios.test_faults import bugs
from unit.operator.world import failure_message, plan_message

from clusters import CommandFailed

pytestmark = [pytest.mark.soak, pytest.mark.cluster, pytest.mark.timeout(280)]


def children(hands: Hands, name: str) -> list[str]:
    """What is left of a run's Jobs, pods and documents."""
    held = hands.stage.items("jobs,pods,configmaps", f"kompass.dev/run={name}")
    return [f"{one['kind']} {one['metadata']['name']}" for one in held]


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_scenario_08_deleted_run_takes_its_jobs_and_pods_along(hands: Hands, cascade: str) -> None:
    hands.apply("gone")
    hands.planned("gone")
    assert "finalizers" not in hands.stage.get("evalrun", "gone")["metadata"]
    hands.stage.kubectl("delete", "evalrun", "gone", f"--cascade={cascade}", "--timeout=60s")
    hands.stage.until(lambda: not children(hands, "gone"), seconds=60)
    assert bugs(hands) == []


def test_scenario_08_run_deleted_alone_leaves_its_jobs_to_whoever_wanted_that(hands: Hands) -> None:
    hands.apply("orphaned")
    hands.planned("orphaned")
    before = hands.jobs("orphaned")
    hands.stage.kubectl("delete", "evalrun", "orphaned", "--cascade=orphan", "--timeout=60s")
    time.sleep(5)
    assert hands.jobs("orphaned") == before
    owners = [
        job["metadata"].get("ownerReferences", [])
        for job in hands.stage.items("jobs", "kompass.dev/run=orphaned")
    ]
    assert not any(owners)
    assert bugs(hands) == []


def test_scenario_09_namespace_deleted_under_a_run_goes_and_nobody_complains(hands: Hands) -> None:
    hands.apply("homeless")
    hands.planned("homeless")
    hands.stage.cluster.run(
        "kubectl", "delete", "namespace", hands.stage.namespace, "--timeout=120s"
    )
    asked = sum(hands.proxy.counts.values())
    time.sleep(10)
    # Its rights went with the namespace, so that the watches are refused now and then.
    assert sum(hands.proxy.counts.values()) - asked < 60, "no loop of requests"


def test_scenario_10_run_made_again_at_once_is_another_run(hands: Hands) -> None:
    hands.apply("again", execution={"parallelism": 1})
    hands.planned("again")
    first = hands.stage.get("evalrun", "again")["metadata"]["uid"]
    before = hands.jobs("again")
    hands.stage.kubectl("delete", "evalrun", "again", "--wait=false")
    hands.apply("again", execution={"parallelism": 1})
    second = hands.stage.get("evalrun", "again")["metadata"]["uid"]
    assert first != second
    hands.to_its_end("again")
    hands.stage.until(lambda: set(hands.jobs("again").values()).isdisjoint(before.values()))
    hands.assert_undisturbed("again")
    document = hands.stage.items("configmaps", "kompass.dev/run=again")[0]
    assert first not in document["data"]["run.json"]


def test_scenario_13_deleted_pod_and_deleted_job_are_made_again(hands: Hands) -> None:
    hands.apply("picked", execution={"parallelism": 2})
    hands.planned("picked")
    pod = hands.stage.open_pod("picked", "shard", 0)
    hands.stage.kubectl("delete", "pod", pod, "--wait=true")
    hands.stage.until(lambda: hands.stage.open_pod("picked", "shard", 0) != pod)
    before = hands.jobs("picked")["s1"]
    job = hands.stage.items("jobs", "kompass.dev/run=picked,kompass.dev/shard=1")[0]
    hands.stage.kubectl("delete", "job", job["metadata"]["name"])
    hands.stage.until(lambda: hands.jobs("picked").get("s1", before) != before)
    status = hands.to_its_end("picked")["status"]
    assert (status["phase"], status["progress"]) == ("Succeeded", "3/3")
    assert bugs(hands) == []


@pytest.mark.parametrize(
    ("code", "message", "reason", "seen"),
    [
        pytest.param(137, "", "OOMKilled", "OutOfMemory", id="oom-killed"),
        pytest.param(
            78,
            failure_message("ModelDoesNotFit", "CUDA out of memory"),
            None,
            "ModelDoesNotFit",
            id="cuda-oom",
        ),
        pytest.param(
            78, failure_message("ModelLoadFailed", "no weights"), None, "ModelLoadFailed", id="78"
        ),
        pytest.param(
            74, failure_message("StorageUnavailable", "503"), None, "StorageUnavailable", id="74"
        ),
    ],
)
def test_scenario_14_how_a_pod_ended_is_in_the_status(
    hands: Hands, code: int, message: str, reason: str | None, seen: str
) -> None:
    hands.apply("ended", retry={"maxAttemptsPerShard": 1})
    hands.stage.end_pod(hands.stage.open_pod("ended", "plan"), 0, plan_message(1))
    hands.stage.end_pod(hands.stage.open_pod("ended", "shard", 0), code, message, reason)
    hands.stage.until(lambda: hands.stage.get("evalrun", "ended")["status"]["failures"])
    failure = hands.stage.get("evalrun", "ended")["status"]["failures"][0]
    assert (failure["exitCode"], failure["class"]) == (code, seen)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        pytest.param({"models": [{"name": "other"}]}, "spec.models cannot change", id="models"),
        pytest.param({"seed": 7}, "spec.seed cannot change", id="seed"),
        pytest.param({"execution": {"parallelism": 0}}, "parallelism", id="parallelism-of-none"),
    ],
)
def test_scenario_18_refused_edit_changes_nothing(hands: Hands, patch: Object, words: str) -> None:
    hands.apply("edited", execution={"parallelism": 1})
    hands.planned("edited")
    before = hands.stage.get("evalrun", "edited")["spec"]
    with pytest.raises(CommandFailed, match=words):
        hands.stage.kubectl(
            "patch", "evalrun", "edited", "--type=merge", "-p", json.dumps({"spec": patch})
        )
    assert hands.stage.get("evalrun", "edited")["spec"] == before
    wider = json.dumps({"spec": {"execution": {"parallelism": 3, "deadlineSeconds": 9000}}})
    hands.stage.kubectl("patch", "evalrun", "edited", "--type=merge", "-p", wider)
    hands.stage.until(lambda: {"s0", "s1", "s2"} <= set(hands.jobs("edited")))
    hands.to_its_end("edited")
    hands.assert_undisturbed("edited")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("r" * 41, id="too-long"),
        pytest.param("run.v1", id="dots"),
        pytest.param("r" * 63, id="a-label-of-63"),
    ],
)
def test_scenario_19_name_that_leaves_no_room_is_refused(hands: Hands, name: str) -> None:
    with pytest.raises(CommandFailed, match="at most 40 characters"):
        hands.stage.apply(run(name))


def test_scenario_19_longest_name_has_room_for_its_children(hands: Hands) -> None:
    hands.apply("r" * 40)
    hands.to_its_end("r" * 40)
    hands.assert_undisturbed("r" * 40)


def test_scenario_20_quota_is_waited_for_without_a_hot_loop(hands: Hands) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few-jobs"},
        "spec": {"hard": {"count/jobs.batch": "1"}},
    }
    hands.stage.apply(quota)
    hands.stage.until(lambda: "used" in hands.stage.get("quota", "few-jobs").get("status", {}))
    hands.apply("held", execution={"parallelism": SHARDS})
    hands.stage.end_pod(hands.stage.open_pod("held", "plan"), 0, plan_message(SHARDS))
    hands.stage.until(
        lambda: hands.stage.condition("held", "Progressing")[1] == "ResourceQuotaExceeded"
    )
    asked = sum(hands.proxy.counts.values())
    time.sleep(20)
    assert sum(hands.proxy.counts.values()) - asked <= 20
    assert hands.stage.condition("held", "Finished")[0] == "False"
    hands.stage.apply({**quota, "spec": {"hard": {"count/jobs.batch": "50"}}})
    hands.to_its_end("held")
    hands.assert_undisturbed("held")


def test_scenario_21_admission_that_does_not_answer_is_waited_for(hands: Hands) -> None:
    space = hands.stage.namespace
    webhook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"away-{space}"},
        "webhooks": [
            {
                "name": "away.example.com",
                "clientConfig": {"url": "https://127.0.0.1:9/none"},
                "failurePolicy": "Fail",
                "timeoutSeconds": 1,
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}},
                "rules": [
                    {
                        "apiGroups": ["batch"],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["jobs"],
                    }
                ],
            }
        ],
    }
    hands.stage.apply(webhook)
    time.sleep(2)
    try:
        hands.apply("barred")
        hands.stage.until(lambda: "away.example.com" in hands.stage.operator.log)
        asked = hands.proxy.counts["POST jobs"]
        time.sleep(15)
        assert hands.proxy.counts["POST jobs"] - asked <= 8, "it backs off"
        assert hands.stage.condition("barred", "Finished")[0] != "True"
    finally:
        hands.stage.kubectl("delete", "validatingwebhookconfiguration", f"away-{space}")
    hands.to_its_end("barred")
    hands.assert_undisturbed("barred")


def test_scenario_26_outcome_is_right_when_pods_and_jobs_are_gone_before_a_restart(
    hands: Hands,
) -> None:
    hands.apply("collected", execution={"parallelism": SHARDS})
    hands.planned("collected")
    hands.stage.operator.kill()
    for shard in range(SHARDS):
        hands.stage.end_pod(hands.stage.open_pod("collected", "shard", shard))
    hands.stage.until(lambda: _completed(hands, "collected") == SHARDS + 1)
    hands.stage.kubectl("delete", "pods", "--all")
    first = hands.stage.items("jobs", "kompass.dev/run=collected,kompass.dev/shard=0")[0]
    hands.stage.kubectl("delete", "job", first["metadata"]["name"])
    hands.stage.operator.start()
    status = hands.to_its_end("collected")["status"]
    assert (status["phase"], status["score"], status["progress"]) == ("Succeeded", "61.54", "3/3")


def _completed(hands: Hands, name: str) -> int:
    jobs = hands.stage.items("jobs", f"kompass.dev/run={name}")
    return sum("completionTime" in job.get("status", {}) for job in jobs)


def test_scenario_29_churn_leaves_no_memory_no_files_and_no_watch_behind(hands: Hands) -> None:
    hands.stage.apply(endpoint())
    held: list[tuple[float, int]] = []
    for turn in range(3):
        for number in range(6):
            name = f"churn-{turn}-{number}"
            hands.stage.apply(run(name, execution={"parallelism": 1}))
        for number in range(6):
            hands.to_its_end(f"churn-{turn}-{number}", shards=1)
        hands.stage.kubectl("delete", "evalruns", "--all")
        operator = hands.stage.operator
        held.append((operator.resident_mebibytes(), operator.open_files()))
    (before, files), (after, files_after) = held[0], held[-1]
    assert after - before < 8, held
    assert files_after - files <= 4, held
    watches = sum(count for kind, count in hands.proxy.counts.items() if kind.startswith("WATCH"))
    assert watches <= 12
