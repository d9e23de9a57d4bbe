"""Runs that are asked for again, and runs whose results were there already."""

from __future__ import annotations

import json

from unit.operator.world import (
    DIGEST,
    KEY,
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    plan_message,
    report_message,
    run_manifest,
)

from kompass_api.rundocument import RunDocument


def reused_message() -> str:
    """What a plan pod leaves that found finished results."""
    report = json.loads(report_message())["report"]
    report["reusedFrom"] = {"name": "demo", "uid": "earlier"}
    return json.dumps({"report": report})


def ask_again(world: World, token: str | None) -> None:
    """Change spec.rerunToken of the run."""
    held = world.cluster.objects["EvalRun", *KEY]
    spec = {name: value for name, value in held["spec"].items() if name != "rerunToken"}
    held["metadata"]["generation"] += 1
    world.cluster.change("EvalRun", *KEY, spec={**spec, **({"rerunToken": token} if token else {})})


async def finish(world: World, score: str = "61.54") -> None:
    """Bring the newest attempt of the run to its end."""
    await world.settle()
    for place, message in (
        ("plan", plan_message(1)),
        ("s0", "{}"),
        ("summarize", report_message(score)),
    ):
        world.complete(f"{newest_prefix(world)}{place}", message)
        await world.settle()


def newest_prefix(world: World) -> str:
    """What the newest Jobs' names have before their last part, behind the run's name."""
    names = [name for kind, _, name in world.cluster.objects if kind == "Job"]
    return f"{names[-1].rsplit('-', 2)[1]}-"


def documents(world: World) -> list[RunDocument]:
    """The run documents that were frozen, in their order."""
    held = [body for (kind, *_), body in world.cluster.objects.items() if kind == "ConfigMap"]
    return [RunDocument.model_validate_json(body["data"]["run.json"]) for body in held]


async def test_results_that_are_there_already_end_the_run_without_a_shard() -> None:
    world = applied()
    await world.settle()
    world.complete("plan", reused_message())
    await world.settle()
    status = world.status()
    assert world.jobs() == ["plan"]
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")
    assert world.condition("ResultsAvailable") == ("True", "ResultsReused")
    assert "run demo (earlier) measured the same before" in world.message("Complete")
    assert status.results is not None
    assert status.results.reused_from is not None
    assert (status.results.reused_from.uid, status.score) == ("earlier", "61.54")


async def test_scenario_28_a_run_that_is_pruned_and_recreated_spends_no_gpu() -> None:
    world = applied()
    await finish(world)
    first = world.status().run_hash
    for _ in range(3):
        world.cluster.remove("EvalRun", *KEY)
        world.apply(run_manifest())
        await world.settle()
        assert world.status().run_hash == first, "so its plan Job finds what is there"
        world.complete("plan", reused_message())
        await world.settle()
        assert world.jobs() == ["plan"]
        assert world.condition("Complete")[0] == "True"
        assert world.status().score == "61.54"


async def test_scenario_28_the_operator_writes_nothing_but_the_status() -> None:
    world = applied(execution={"parallelism": 2})
    applied_run = json.loads(json.dumps(world.cluster.objects["EvalRun", *KEY]))
    await finish(world)
    held = world.cluster.objects["EvalRun", *KEY]
    assert held["spec"] == applied_run["spec"]
    ignored = {"resourceVersion"}
    for meta in (held["metadata"], applied_run["metadata"]):
        assert {"labels", "annotations", "finalizers"}.isdisjoint(meta)
    assert {name: one for name, one in held["metadata"].items() if name not in ignored} == {
        name: one for name, one in applied_run["metadata"].items() if name not in ignored
    }


async def test_a_run_deleted_and_applied_again_has_the_same_hash() -> None:
    world = applied(rerunToken="one")
    await finish(world)
    first = world.status().run_hash
    world.cluster.remove("EvalRun", *KEY)
    world.apply(run_manifest(rerunToken="one", execution={"parallelism": 9}))
    await world.settle()
    assert first is not None
    assert world.status().run_hash == first
    frozen = documents(world)[-1]
    assert frozen.index is not None
    assert frozen.index.uri == f"s3://results/runs/{NAMESPACE}/by-hash"


async def test_a_new_token_measures_a_finished_run_anew() -> None:
    world = applied()
    await finish(world, "50.00")
    ask_again(world, "monday")
    await finish(world, "60.00")
    status = world.status()
    assert (status.attempt, status.rerun_token, status.score) == (2, "monday", "60.00")
    assert world.condition("Complete")[0] == "True"
    past = status.history[0]
    assert (past.attempt, past.outcome, past.score, past.rerun_token) == (
        1,
        "Succeeded",
        "50.00",
        None,
    )
    assert past.results_uri.endswith("/report")
    first, second = documents(world)
    assert second.storage.uri == f"{first.storage.uri}-2"
    assert first.index is not None
    assert second.index is not None
    assert first.index.run_hash != second.index.run_hash


async def test_what_waits_begins_as_reconciling_for_the_generation_that_asked() -> None:
    world = applied()
    await finish(world)
    ask_again(world, "monday")
    await world.operator.reconcile(KEY)
    status = world.status()
    assert status.observed_generation == 2
    assert world.condition("Finished")[0] == "False"
    assert world.condition("Reconciling")[0] == "True"
    assert world.condition("Accepted") == ("Unknown", "Pending")
    assert status.results is None
    assert "spec.rerunToken is monday" in world.message("Reconciling")


async def test_a_token_that_changes_under_way_waits_for_the_end() -> None:
    world = applied()
    await world.planned(1)
    ask_again(world, "monday")
    await world.settle()
    assert world.jobs() == ["plan", "s0"]
    world.complete("s0")
    await world.settle()
    world.complete("summarize", report_message())
    await world.settle()
    assert world.status().attempt == 2
    assert [one.rerun_token for one in world.status().history] == [None]


async def test_a_run_that_was_refused_is_not_tried_again_by_itself() -> None:
    world = World()
    world.apply(run_manifest(rerunToken="one"))
    await world.settle()
    world.wait(400)
    await world.settle()
    assert world.condition("Failed") == ("True", "EndpointNotFound")
    assert (world.status().attempt, world.status().rerun_token) == (1, "one")
    world.apply(endpoint_manifest())
    ask_again(world, "two")
    await finish(world)
    assert world.condition("Complete")[0] == "True"


async def test_a_missing_endpoint_is_waited_for_again_by_an_attempt_of_an_old_run() -> None:
    world = applied()
    await finish(world)
    world.wait(86_400)
    world.cluster.remove("ModelEndpoint", NAMESPACE, "m")
    ask_again(world, "monday")
    await world.settle()
    assert world.condition("Accepted") == ("False", "EndpointNotFound")
    assert world.condition("Finished")[0] == "False"


async def test_history_holds_the_five_newest_attempts() -> None:
    world = applied()
    await finish(world)
    for number in range(6):
        ask_again(world, f"token-{number}")
        await finish(world)
    status = world.status()
    assert status.attempt == 7
    assert [one.attempt for one in status.history] == [6, 5, 4, 3, 2]


async def test_an_operator_killed_at_any_request_of_an_attempt_loses_nothing() -> None:
    for fatal in range(1, 25):
        world = applied()
        await finish(world)
        ask_again(world, "monday")
        asked = 0

        def die(_request: str) -> None:
            nonlocal asked
            asked += 1
            if asked == fatal:  # noqa: B023  (called within the loop's turn)
                raise ConnectionError

        world.cluster.before_request = die
        for _ in range(8):
            try:
                await world.settle()
            except ConnectionError:
                world.restart()
                continue
            for name in open_jobs(world):
                place = name.rsplit("-", 1)[1]
                messages = {"plan": plan_message(1), "summarize": report_message()}
                world.complete("-".join(name.rsplit("-", 2)[1:]), messages.get(place, "{}"))
        status = world.status()
        assert (status.attempt, status.phase, len(status.history)) == (2, "Succeeded", 1), fatal
        assert world.jobs() == ["plan", "plan", "s0", "s0", "summarize", "summarize"]


def open_jobs(world: World) -> list[str]:
    """Names of the Jobs that have not ended."""
    return [
        name
        for (kind, _, name), held in world.cluster.objects.items()
        if kind == "Job" and "conditions" not in held.get("status", {})
    ]


async def test_plan_digest_and_failures_of_an_attempt_are_its_own() -> None:
    world = applied()
    await finish(world)
    assert world.status().plan_digest == DIGEST
    ask_again(world, "monday")
    await world.operator.reconcile(KEY)
    assert world.status().plan_digest is None
    assert world.status().failures == []
