"""Jobs and pods as Kubernetes shows them, and what is read out of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kompass_api.outcomes import FailureClass
from kompass_operator.facts import job_facts, newest_last, pod_facts
from kompass_operator.failures import class_of, failure_of, is_failure
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, PodFacts

STAMP = "2026-01-02T03:04:05Z"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOB = JobFacts(name="j", uid="u", stage=Stage.SHARD, shard=3, created=MOMENT)


def a_job(status: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "demo-abc-s3",
            "uid": "u",
            "resourceVersion": "17",
            "creationTimestamp": STAMP,
            "labels": {"kompass.dev/stage": "shard", "kompass.dev/shard": "3"},
            **meta,
        },
        "spec": {"suspend": False},
        "status": status or {},
    }


def a_pod(container: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    containers = [{"name": "sidecar", "state": {}}, {"name": "worker", "state": container or {}}]
    return {
        "metadata": {"name": "p", "creationTimestamp": STAMP},
        "spec": {
            "nodeName": "n",
            "containers": [{"name": "worker", "resources": {"limits": {"memory": "1Gi"}}}],
        },
        "status": {"containerStatuses": containers, **status},
    }


def test_new_job_is_unfinished() -> None:
    assert job_facts(a_job()) == JobFacts(
        name="demo-abc-s3", uid="u", stage=Stage.SHARD, shard=3, version=17, created=MOMENT
    )


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param("Complete", JobState.COMPLETE, id="complete"),
        pytest.param("Failed", JobState.FAILED, id="failed"),
        pytest.param("FailureTarget", JobState.UNFINISHED, id="about-to-fail"),
        pytest.param("SuccessCriteriaMet", JobState.UNFINISHED, id="about-to-complete"),
        pytest.param("Suspended", JobState.UNFINISHED, id="suspended"),
    ],
)
def test_state_of_a_job_is_its_terminal_condition(kind: str, state: JobState) -> None:
    condition = {"type": kind, "status": "True", "lastTransitionTime": STAMP}
    assert job_facts(a_job({"conditions": [condition]})).state is state


def test_condition_that_does_not_hold_says_nothing() -> None:
    condition = {"type": "Failed", "status": "False", "lastTransitionTime": STAMP}
    assert job_facts(a_job({"conditions": [condition]})).state is JobState.UNFINISHED


def test_job_that_is_deleted_is_seen_as_such() -> None:
    assert job_facts(a_job(deletionTimestamp=STAMP)).deleting


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({"uncountedTerminatedPods": {}}, False, id="nothing-uncounted"),
        pytest.param({"uncountedTerminatedPods": {"succeeded": ["p"]}}, True, id="uncounted"),
        pytest.param({"succeeded": 1}, True, id="counted"),
    ],
)
def test_pod_that_has_ended_is_seen_before_the_job_completes(
    status: dict[str, Any], ended: bool
) -> None:
    assert job_facts(a_job(status)).pod_ended is ended


def test_words_of_the_worker_are_read() -> None:
    text = '{"failure":"InvalidData","message":"row 3","item":"ceval/law/3"}'
    ended = {"exitCode": 65, "reason": "Error", "message": text, "finishedAt": STAMP}
    facts = pod_facts(a_pod({"terminated": ended}, phase="Failed"))
    assert facts.said is not None
    assert (facts.said.failure, facts.said.item) == (FailureClass.INVALID_DATA, "ceval/law/3")
    assert (facts.exit_code, facts.ended, facts.memory_limit) == (65, MOMENT, "1Gi")


def test_end_of_a_log_takes_the_place_of_missing_words() -> None:
    log = "Traceback\n  File x\n\nImportError: no torch\n"
    ended = {"exitCode": 1, "reason": "Error", "message": log}
    facts = pod_facts(a_pod({"terminated": ended}, phase="Failed"))
    assert facts.said is None
    assert "ImportError: no torch" in failure_of(JOB, facts, "m").message


def test_scheduler_and_node_are_told_apart() -> None:
    no_node = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "x"}
    found = {"type": "PodScheduled", "status": "True", "lastTransitionTime": STAMP}
    assert pod_facts(a_pod(conditions=[no_node])).unschedulable == "x"
    assert pod_facts(a_pod(conditions=[no_node])).scheduled is None
    assert pod_facts(a_pod(conditions=[found])).scheduled == MOMENT


@pytest.mark.parametrize(
    ("pod", "kind"),
    [
        pytest.param(
            PodFacts(name="p", phase="Failed", exit_code=137, container_reason="OOMKilled"),
            FailureClass.OUT_OF_MEMORY,
            id="kubelet-saw-it-run-out-of-memory",
        ),
        pytest.param(
            PodFacts(name="p", phase="Failed", exit_code=74),
            FailureClass.STORAGE_UNAVAILABLE,
            id="exit-code-alone",
        ),
        pytest.param(
            PodFacts(name="p", phase="Failed", exit_code=137),
            FailureClass.INTERNAL,
            id="killed-for-an-unknown-reason",
        ),
        pytest.param(
            PodFacts(name="p", phase="Failed", exit_code=137, disrupted=True),
            FailureClass.INTERRUPTED,
            id="drained",
        ),
        pytest.param(
            PodFacts(name="p", phase="Failed", exit_code=143),
            FailureClass.INTERRUPTED,
            id="stopped-after-a-checkpoint",
        ),
        pytest.param(
            PodFacts(name="p", phase="Failed", pod_reason="Evicted"),
            FailureClass.INTERNAL,
            id="never-ran",
        ),
    ],
)
def test_class_of_an_end(pod: PodFacts, kind: FailureClass) -> None:
    assert class_of(pod) is kind
    assert is_failure(pod) is (kind is not FailureClass.INTERRUPTED)


def test_good_end_and_running_pod_are_no_failure() -> None:
    assert not is_failure(PodFacts(name="p", phase="Succeeded", exit_code=0))
    assert not is_failure(PodFacts(name="p", phase="Running"))


def test_kill_for_memory_names_limit_and_fix() -> None:
    pod = PodFacts(name="p", phase="Failed", container_reason="OOMKilled", memory_limit="1Gi")
    assert failure_of(JOB, pod, "m").message == (
        "killed for using more memory than its limit of 1Gi: raise "
        "spec.resources.limits.memory of ModelEndpoint 'm'"
    )


def test_pods_are_put_in_the_order_of_their_creation() -> None:
    early = PodFacts(name="b", created=MOMENT)
    late = PodFacts(name="a", created=MOMENT.replace(hour=4))
    assert newest_last([late, early]) == (early, late)
