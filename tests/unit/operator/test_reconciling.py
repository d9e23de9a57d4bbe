"""Whole runs against the cluster in memory: what a person sees, and what is asked of the server."""

from __future__ import annotations

import pytest
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    failure_message,
    plan_message,
    report_message,
    run_manifest,
    settings,
)

from kompass_api.resources import ObjectMeta
from kompass_operator.cluster import ClusterError, Conflict, Unavailable
from kompass_operator.names import Stage, job_name


async def test_run_goes_from_plan_over_shards_to_a_report() -> None:
    world = applied(execution={"parallelism": 2})
    await world.settle()
    assert world.jobs() == ["plan"]
    world.complete("plan", plan_message(3))
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1"]
    assert world.status().progress == "0/3"
    world.complete("s0")
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1", "s2"]
    world.complete("s1")
    world.complete("s2")
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1", "s2", "summarize"]
    world.complete("summarize", report_message("61.54"))
    await world.settle()
    status = world.status()
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")
    assert (status.phase, status.score, status.progress) == ("Succeeded", "61.54", "3/3")
    assert status.results is not None
    assert status.results.uri.endswith("/report")
    assert status.items.unscored == 1


async def test_normal_run_asks_little_of_the_server() -> None:
    world = applied(execution={"parallelism": 4})
    await world.planned(shards=4)
    for place in ("s0", "s1", "s2", "s3"):
        world.run_pod(place)
    await world.settle()
    for place in ("s0", "s1", "s2", "s3"):
        world.complete(place)
        await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    requests = world.cluster.requests
    assert requests["create Job"] == 6
    assert requests["create ConfigMap"] == 1
    assert requests["list Pods"] == 2, "of the plan and of the summary"
    assert requests["get ConfigMap"] == 0
    assert sum(requests.values()) <= 4 * 6


async def test_document_is_frozen_when_the_run_is_accepted() -> None:
    world = applied()
    await world.settle()
    world.apply(endpoint_manifest(source={"uri": "s3://models/other"}))
    world.restart()
    await world.settle()
    world.complete("plan", plan_message(1))
    await world.settle()
    documents = [held for (kind, *_), held in world.cluster.objects.items() if kind == "ConfigMap"]
    assert len(documents) == 1
    assert documents[0]["immutable"] is True
    assert "s3://models/m" in documents[0]["data"]["run.json"]
    assert f"s3://results/runs/{NAMESPACE}/demo/" in documents[0]["data"]["run.json"]


async def test_operator_killed_after_any_request_loses_and_duplicates_nothing() -> None:
    """Every request is once the last one of an operator, before and after it takes effect."""
    for fatal in range(1, 40):
        world = applied(execution={"parallelism": 2})
        await _run_with_a_death(world, fatal)
        assert world.condition("Complete")[0] == "True", f"died at request {fatal}"
        assert world.jobs() == ["plan", "s0", "s1", "s2", "summarize"]
        assert world.status().score == "61.54"


class _Death(Exception):
    pass


async def _run_with_a_death(world: World, fatal: int) -> None:
    asked = 0

    def die(_request: str) -> None:
        nonlocal asked
        asked += 1
        if asked == fatal:
            raise _Death

    world.cluster.before_request = die
    messages = {"plan": plan_message(3), "summarize": report_message()}
    for _ in range(12):
        try:
            await world.settle()
        except _Death:
            world.restart()
            continue
        for place in world.jobs():
            if "conditions" not in world.job(place).get("status", {}):
                world.complete(place, messages.get(place, "{}"))


async def test_status_is_written_at_most_every_two_seconds_but_the_end_at_once() -> None:
    world = applied(execution={"parallelism": 3})
    await world.planned(shards=3)
    writes = world.cluster.requests["apply status"]
    for place in ("s0", "s1", "s2"):
        world.complete(place)
        await world.operator.reconcile(KEY)
    assert world.cluster.requests["apply status"] <= writes + 1
    await world.settle()
    world.complete("summarize", report_message())
    await world.operator.reconcile(KEY)
    assert world.condition("Finished")[0] == "True"


async def test_missing_endpoint_is_waited_for_and_then_used() -> None:
    world = World()
    world.apply(run_manifest())
    outcome = await world.settle()
    assert world.condition("Accepted") == ("False", "EndpointNotFound")
    assert world.condition("Finished")[0] == "False"
    assert "waiting for it until 03:09:05 UTC" in world.message("Accepted")
    assert outcome.again_seconds is not None
    assert outcome.again_seconds <= 300
    world.apply(endpoint_manifest())
    await world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.jobs() == ["plan"]


async def test_endpoint_that_never_comes_fails_the_run() -> None:
    world = World()
    world.apply(run_manifest(), endpoint_manifest("mm"))
    await world.settle()
    world.wait(301)
    await world.settle()
    assert world.condition("Failed") == ("True", "EndpointNotFound")
    assert world.condition("Accepted") == ("False", "EndpointNotFound")
    assert world.condition("Stalled")[0] == "True"
    assert "did you mean mm?" in world.message("Failed")
    assert world.jobs() == []


async def test_what_waiting_cannot_mend_fails_at_once() -> None:
    world = World(settings(storage_uri=None))
    world.apply(run_manifest())
    await world.settle()
    assert world.condition("Failed") == ("True", "StorageMissing")
    assert "EndpointNotFound" not in world.condition("Failed")
    assert "'m' does not exist" in world.message("Failed"), "every problem is told"


async def test_endpoint_that_cannot_be_read_is_said_to_be_so() -> None:
    world = World()
    world.apply(run_manifest(), endpoint_manifest(batchSize="many"))
    await world.settle()
    assert world.condition("Accepted") == ("False", "InvalidSpec")
    assert "spec.batchSize" in world.message("Accepted")


async def test_run_that_cannot_be_read_fails_with_the_field() -> None:
    world = applied(seed="many")
    await world.settle()
    assert world.condition("Failed") == ("True", "InvalidSpec")
    assert "spec.seed" in world.message("Failed")


async def test_suspend_stops_open_jobs_and_resume_starts_them_again() -> None:
    world = applied(execution={"parallelism": 2})
    await world.planned(shards=3)
    world.complete("s0")
    await world.settle()
    world.patch_execution(suspend=True)
    await world.settle()
    assert world.jobs() == ["plan", "s0"]
    assert world.condition("Suspended") == ("True", "UserSuspended")
    assert world.condition("Progressing") == ("False", "UserSuspended")
    assert (world.status().shards.queued, world.status().shards.running) == (2, 0)
    world.patch_execution(suspend=False)
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1", "s2"]
    assert world.condition("Suspended") == ("False", "Resumed")


async def test_resumed_shard_starts_when_its_predecessor_is_gone() -> None:
    world = applied()
    await world.planned(shards=1)
    pod = world.pod("s0", phase="Running")
    world.run_pod("s0")
    first = world.job("s0")["metadata"]["uid"]
    world.patch_execution(suspend=True)
    await world.settle()
    assert "deletionTimestamp" in world.job("s0")["metadata"]
    world.patch_execution(suspend=False)
    await world.settle()
    assert world.job("s0")["metadata"]["uid"] == first
    world.cluster.remove("Pod", NAMESPACE, pod)
    world.cluster.remove("Job", NAMESPACE, world.job("s0")["metadata"]["name"])
    await world.settle()
    assert world.job("s0")["metadata"]["uid"] != first


async def test_run_suspended_from_the_start_begins_no_job() -> None:
    world = applied(execution={"suspend": True})
    await world.settle()
    assert world.jobs() == []
    assert world.condition("Accepted")[0] == "True"


async def test_plan_whose_pod_is_gone_is_made_again() -> None:
    world = applied()
    await world.settle()
    world.complete("plan", plan_message(2))
    first = world.job("plan")["metadata"]
    world.cluster.remove("Pod", NAMESPACE, f"{first['name']}-0")
    await world.settle()
    assert world.job("plan")["metadata"]["uid"] != first["uid"]
    world.complete("plan", plan_message(2))
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1"]


async def test_report_counts_when_its_job_is_complete() -> None:
    world = applied()
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.ended_pod("summarize", 0, report_message())
    world.job_status("summarize", active=1, ready=0)
    world.wait(60)
    await world.settle()
    assert world.condition("Finished")[0] == "False"
    world.job_status("summarize", active=0)
    world.cluster.remove("Pod", NAMESPACE, f"{world.job('summarize')['metadata']['name']}-0")
    world.complete("summarize", report_message())
    await world.settle()
    assert world.condition("Complete")[0] == "True"
    assert "summarize" in world.jobs()


async def test_plan_that_says_nothing_is_an_error_not_a_loop() -> None:
    world = applied()
    await world.settle()
    world.complete("plan", "{}")
    await world.settle()
    assert world.condition("Failed") == ("True", "InternalError")
    assert "left no outcome" in world.message("Failed")


async def test_deleted_shard_job_is_started_again() -> None:
    world = applied()
    await world.planned(shards=2)
    world.cluster.remove("Job", NAMESPACE, world.job("s1")["metadata"]["name"])
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1-t1"]
    assert world.job("s1-t1")["metadata"]["labels"]["kompass.dev/turn"] == "1"


async def test_incomplete_results_fail_the_run() -> None:
    world = applied()
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.fail("summarize", 70, failure_message("IncompleteResults", "3 items have no answer"))
    await world.settle()
    assert world.condition("Failed") == ("True", "IncompleteResults")
    assert world.condition("ShardsSucceeded") == ("False", "MissingSamples")
    assert world.condition("ResultsAvailable") == ("False", "SummarizerFailed")


async def test_jobs_of_a_finished_run_go_after_their_time_and_results_stay() -> None:
    world = applied(cleanup={"ttlSecondsAfterFinished": 60})
    await world.planned(shards=1)
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message())
    outcome = await world.settle()
    assert outcome.again_seconds is not None
    world.wait(60)
    world.restart()
    await world.settle()
    assert world.jobs() == []
    assert world.status().score == "61.54"
    assert world.condition("Complete")[0] == "True"


async def test_finished_run_takes_no_notice_of_a_changed_spec() -> None:
    world = applied()
    await world.planned(shards=1)
    world.fail("s0", 65, failure_message("InvalidData", "row 3"))
    await world.settle()
    before = world.status()
    world.patch_execution(parallelism=9)
    await world.settle()
    after = world.status()
    assert after.observed_generation == before.observed_generation + 1
    assert {held.observed_generation for held in after.conditions} == {after.observed_generation}
    assert [held.last_transition_time for held in after.conditions] == [
        held.last_transition_time for held in before.conditions
    ]
    assert after.completion_time == before.completion_time


async def test_server_that_does_not_answer_is_asked_again() -> None:
    world = applied()

    def away(_request: str) -> None:
        raise Unavailable("connection refused")

    world.cluster.before_request = away
    with pytest.raises(ClusterError):
        await world.operator.reconcile(KEY)
    world.cluster.before_request = lambda _request: None
    await world.settle()
    assert world.jobs() == ["plan"]


async def test_deleted_run_and_ending_namespace_are_left_alone() -> None:
    world = applied()
    world.cluster.ending_namespaces.add(NAMESPACE)
    await world.operator.reconcile(KEY)
    world.cluster.remove("EvalRun", *KEY)
    await world.operator.reconcile(KEY)
    assert world.jobs() == []


async def test_run_applied_again_under_its_name_shares_nothing_with_the_first() -> None:
    world = applied()
    await world.settle()
    first = world.job("plan")["metadata"]["name"]
    world.cluster.remove("EvalRun", *KEY)
    world.apply(run_manifest())
    await world.settle()
    assert world.job("plan")["metadata"]["name"] != first
    assert world.condition("Accepted")[0] == "True"


async def test_status_is_not_written_to_a_run_that_changed_meanwhile() -> None:
    world = applied()

    def change(request: str) -> None:
        if request == "apply status":
            world.cluster.before_request = lambda _request: None
            world.patch_execution(suspend=True)

    world.cluster.before_request = change
    with pytest.raises(Conflict):
        await world.operator.reconcile(KEY)
    await world.settle()
    assert world.condition("Suspended")[0] == "True"


async def test_events_tell_each_turn_once() -> None:
    world = applied()
    await world.planned(shards=1)
    world.restart()
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    reasons = [
        held["reason"] for (kind, *_), held in world.cluster.objects.items() if kind == "Event"
    ]
    assert reasons == ["Accepted", "JobsCreated", "AllShardsSucceeded", "EvaluationSucceeded"]


def test_job_names_leave_room_for_the_pods_suffix() -> None:
    run = ObjectMeta(name="r" * 40, uid="u")
    assert len(job_name(run, Stage.SUMMARIZE)) <= 57
    assert len(job_name(run, Stage.SHARD, 8191)) <= 57
