"""What `plan` decides, one situation a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from unit.operator.sights import (
    NOW,
    SETTINGS,
    a_job,
    a_run,
    accepted_status,
    around,
    decided,
    document_of,
    plan_pod,
    reading,
    seen,
    shards_of,
    verdict,
)
from unit.operator.world import START

from kompass_api.resolution import Surroundings
from kompass_operator.actions import CreateDocument, CreateJob, DeleteJob, ReadDocument, ReadPods
from kompass_operator.decisions import plan
from kompass_operator.names import Stage
from kompass_operator.observed import JobState, Observed, PodFacts, Refusals

RUN = a_run(execution={"parallelism": 2})
PLANNED = accepted_status(RUN, shards=4)
PLAN_JOB = a_job(RUN, Stage.PLAN, state=JobState.COMPLETE)


def started(*indices: int) -> tuple[CreateJob, ...]:
    return tuple(CreateJob(Stage.SHARD, index, "m") for index in indices)


def test_new_run_freezes_its_document_before_its_plan_starts() -> None:
    decision = decided(RUN, Observed(surroundings=around()))
    assert decision.actions == (CreateDocument(document_of(RUN)), CreateJob(Stage.PLAN))
    assert verdict(decision, "Accepted") == ("True", "Accepted")
    assert decision.status.start_time == "2026-01-02T03:05:45Z"


def test_accepted_run_reads_its_document_rather_than_making_another() -> None:
    sight = Observed(status=PLANNED, surroundings=Surroundings({}, {}))
    assert decided(RUN, sight).questions == (ReadDocument(),)


@pytest.mark.parametrize(
    ("states", "starts"),
    [
        pytest.param("----", (0, 1), id="none-started"),
        pytest.param("o---", (1,), id="one-open"),
        pytest.param("ou--", (), id="full"),
        pytest.param("cu--", (2,), id="one-done"),
        pytest.param("cc--", (2, 3), id="two-done"),
        pytest.param("ccco", (), id="last-one-open"),
        pytest.param("-ucc", (0,), id="a-job-was-deleted"),
        pytest.param("dd--", (), id="dying-jobs-hold-their-places"),
        pytest.param("qq--", (), id="queued-jobs-hold-their-places"),
        pytest.param("uuuu", (), id="parallelism-was-lowered"),
    ],
)
def test_shards_start_as_places_become_free(states: str, starts: tuple[int, ...]) -> None:
    sight = seen(RUN, PLANNED, PLAN_JOB, *shards_of(RUN, *states))
    assert decided(RUN, sight).actions == started(*starts)


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        pytest.param("----", (4, 2, 2, 0, 0), id="those-that-are-started-count-as-running"),
        pytest.param("cu--", (4, 1, 2, 1, 0), id="one-done"),
        pytest.param("cq--", (4, 2, 1, 1, 0), id="queued-by-a-queue"),
        pytest.param("cccc", (4, 0, 0, 4, 0), id="all-done"),
    ],
)
def test_shards_are_counted(states: str, counts: tuple[int, ...]) -> None:
    held = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, *shards_of(RUN, *states))).status.shards
    assert (held.total, held.queued, held.running, held.succeeded, held.failed) == counts


def test_summary_starts_when_every_shard_is_done() -> None:
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, *shards_of(RUN, *"cccc")))
    assert decision.actions == (CreateJob(Stage.SUMMARIZE),)
    assert verdict(decision, "ShardsSucceeded") == ("True", "AllShardsSucceeded")
    assert decision.status.phase == "Summarizing"


def test_complete_plan_is_asked_for_its_outcome_once() -> None:
    status = accepted_status(RUN)
    sight = seen(RUN, status, PLAN_JOB)
    assert decided(RUN, sight).questions == (ReadPods(PLAN_JOB),)
    answered = seen(RUN, status, PLAN_JOB, readings=reading(PLAN_JOB, plan_pod(3)))
    decision = decided(RUN, answered)
    assert decision.questions == ()
    assert decision.actions == started(0, 1)
    assert [(model.name, model.shards) for model in decision.status.models] == [("m", 3)]
    assert decision.status.items.planned == 7


def test_plan_whose_pods_are_gone_is_deleted_to_be_made_again() -> None:
    sight = seen(RUN, accepted_status(RUN), PLAN_JOB, readings=reading(PLAN_JOB))
    assert decided(RUN, sight).actions == (DeleteJob(PLAN_JOB),)


def test_plan_is_not_started_while_its_predecessor_dies() -> None:
    dying = a_job(RUN, Stage.PLAN, state=JobState.COMPLETE, deleting=True)
    decision = decided(RUN, seen(RUN, accepted_status(RUN), dying))
    assert (decision.actions, decision.questions) == ((), ())


@pytest.mark.parametrize(
    ("facts", "asks"),
    [
        pytest.param({"active": 1, "ready": 1}, False, id="up"),
        pytest.param({"active": 1, "created": NOW}, False, id="just-created"),
        pytest.param({"active": 1}, True, id="starting-for-long"),
        pytest.param({"active": 1, "suspended": True}, False, id="held-by-a-queue"),
        pytest.param({"failed": 1}, True, id="a-pod-failed"),
        pytest.param({"state": JobState.FAILED}, True, id="gave-up"),
        pytest.param({"state": JobState.COMPLETE, "failed": 0}, False, id="done"),
        pytest.param({"failed": 1, "deleting": True}, False, id="being-deleted"),
    ],
)
def test_pods_are_looked_at_only_where_they_have_news(facts: dict[str, Any], *, asks: bool) -> None:
    job = a_job(RUN, Stage.SHARD, 0, **facts)
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, job))
    assert decision.questions == ((ReadPods(job),) if asks else ())


def test_failed_pod_is_looked_at_once() -> None:
    job = a_job(RUN, Stage.SHARD, 0, failed=1)
    pod = PodFacts(name="p", phase="Failed", exit_code=74)
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, job, readings=reading(job, pod)))
    assert decision.questions == ()
    assert [failure.pod for failure in decision.status.failures] == ["p"]


def test_next_look_at_a_starting_pod_is_told() -> None:
    job = a_job(RUN, Stage.SHARD, 0, active=1, created=NOW - timedelta(seconds=4))
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, job))
    assert decision.again_at == NOW + timedelta(seconds=6)


def test_every_job_held_by_a_queue_is_queued_not_stuck() -> None:
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, *shards_of(RUN, *"cqq-")))
    assert verdict(decision, "Progressing") == ("False", "Queued")
    assert verdict(decision, "Stalled")[0] == "False"


def test_suspended_run_deletes_open_jobs_and_waits_for_their_pods() -> None:
    run = a_run(execution={"suspend": True})
    jobs = shards_of(run, *"cud-")
    decision = decided(run, seen(run, PLANNED, a_job(run, Stage.PLAN), *jobs))
    assert [(action.job.name, action.await_pods) for action in decision.actions] == [  # type: ignore[union-attr]
        (a_job(run, Stage.PLAN).name, True),
        (jobs[1].name, True),
    ]


def test_failure_outweighs_suspension() -> None:
    run = a_run(execution={"suspend": True})
    job = a_job(run, Stage.SHARD, 0, state=JobState.FAILED, reason="BackoffLimitExceeded")
    decision = decided(run, seen(run, PLANNED, job, readings=reading(job)))
    assert verdict(decision, "Failed") == ("True", "ShardsFailed")


def test_shard_deadline_is_named() -> None:
    run = a_run(execution={"shardDeadlineSeconds": 90}, retry={"maxAttemptsPerShard": 1})
    job = a_job(run, Stage.SHARD, 0, state=JobState.FAILED, reason="DeadlineExceeded")
    stopped = PodFacts(name="p", phase="Failed", exit_code=143)
    decision = decided(run, seen(run, PLANNED, job, readings=reading(job, stopped)))
    assert verdict(decision, "Failed") == ("True", "ShardTimeout")
    assert "shardDeadlineSeconds (90)" in decision.status.failures[0].message


def test_report_in_time_outweighs_a_deadline_seen_late() -> None:
    run = a_run(execution={"deadlineSeconds": 60})
    decision = decided(run, seen(run, PLANNED), NOW + timedelta(days=1))
    assert verdict(decision, "Failed") == ("True", "DeadlineExceeded")


@pytest.mark.parametrize(
    ("refusals", "reason"),
    [
        pytest.param(Refusals(collision="Job x"), "NameCollision", id="name-is-taken"),
        pytest.param(Refusals(invalid="spec: no"), "InvalidSpec", id="invalid-object"),
    ],
)
def test_refused_objects_fail_the_run(refusals: Refusals, reason: str) -> None:
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, refusals=refusals))
    assert verdict(decision, "Failed") == ("True", reason)


def test_quota_does_not_fail_the_run() -> None:
    refusals = Refusals(quota="exceeded quota: gpus")
    decision = decided(RUN, seen(RUN, PLANNED, PLAN_JOB, refusals=refusals))
    assert verdict(decision, "Progressing") == ("False", "ResourceQuotaExceeded")
    assert verdict(decision, "Finished")[0] == "False"


def test_deleted_run_is_left_alone() -> None:
    meta = RUN.metadata.model_copy(update={"deletion_timestamp": "2026-01-02T03:04:06Z"})
    decision = decided(RUN.model_copy(update={"metadata": meta}), seen(RUN, PLANNED))
    assert (decision.actions, decision.questions) == ((), ())


def test_finished_run_stops_what_is_left_of_it() -> None:
    job = a_job(RUN, Stage.SHARD, 0, state=JobState.FAILED)
    ended = decided(RUN, seen(RUN, PLANNED, job, readings=reading(job))).status
    left = a_job(RUN, Stage.SHARD, 1)
    decision = plan(RUN, seen(RUN, ended, job, left), NOW, SETTINGS)
    assert decision.actions == (DeleteJob(left),)
    assert decision.status == ended


def test_waiting_for_an_endpoint_ends_five_minutes_after_the_run_was_applied() -> None:
    nothing = Observed(surroundings=Surroundings({}, {}))
    waiting = plan(RUN, nothing, START + timedelta(seconds=299), SETTINGS)
    assert verdict(waiting, "Finished")[0] == "False"
    assert waiting.again_at == START + timedelta(seconds=300)
    over = plan(RUN, nothing, START + timedelta(seconds=300), SETTINGS)
    assert verdict(over, "Failed") == ("True", "EndpointNotFound")
