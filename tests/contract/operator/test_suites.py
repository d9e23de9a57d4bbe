"""Suites and attempts with the operator as a process, its own rights, and a real API server."""

from __future__ import annotations

import json

import pytest
from contract.operator.stage import Object, Stage
from contract.operator.test_process import MESSAGES, endpoint, run, to_its_end
from unit.operator.world import report_message

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def suite(name: str, template: Object | None = None, **spec: object) -> Object:
    """A suite of one run."""
    own = {"models": [{"name": "m"}], "benchmarks": [{"name": "ceval-gen"}], **(template or {})}
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalSuite",
        "metadata": {"name": name},
        "spec": {"template": {"spec": own}, **spec},
    }


def runs_of(stage: Stage, name: str) -> list[str]:
    """Names of a suite's runs."""
    return sorted(
        one["metadata"]["name"] for one in stage.items("evalruns", f"kompass.dev/suite={name}")
    )


def ready(stage: Stage, name: str) -> tuple[str, str]:
    """Status and reason of a suite's Ready condition."""
    held = stage.get("evalsuite", name).get("status", {}).get("conditions", [])
    found = next((one for one in held if one["type"] == "Ready"), None)
    return (found["status"], found["reason"]) if found else ("", "")


def test_a_suite_makes_its_run_and_is_ready_with_it(stage: Stage) -> None:
    stage.apply(endpoint(), suite("board"))
    stage.until(lambda: runs_of(stage, "board"))
    (made,) = runs_of(stage, "board")
    to_its_end(stage, made)
    stage.until(lambda: ready(stage, "board") == ("True", "RunsSucceeded"))
    stage.kubectl("wait", "--for=condition=Ready", "--timeout=10s", "evalsuite/board")
    best = stage.get("evalsuite", "board")["status"]["bestOf"]
    assert [(one["model"], one["value"], one["run"]) for one in best] == [("m", "61.54", made)]


def test_a_changed_suite_replaces_what_is_outdated_and_goes_with_its_runs(stage: Stage) -> None:
    stage.apply(endpoint(), suite("moving"))
    stage.until(lambda: runs_of(stage, "moving"))
    before = runs_of(stage, "moving")
    stage.apply(suite("moving", {"seed": 7, "execution": {"deadlineSeconds": 600}}))
    stage.until(lambda: len(runs_of(stage, "moving")) == 1 and runs_of(stage, "moving") != before)
    stage.kubectl("delete", "evalsuite", "moving", "--wait=true", "--timeout=30s")
    stage.until(lambda: not runs_of(stage, "moving"))


def test_a_template_may_change_what_a_run_may_not(stage: Stage) -> None:
    stage.apply(endpoint(), suite("free", {"execution": {"queue": {"name": "a"}}}, suspend=True))
    stage.apply(suite("free", {"execution": {"queue": {"name": "b"}}, "seed": 1}, suspend=True))
    held = stage.get("evalsuite", "free")["spec"]["template"]["spec"]
    assert held["execution"]["queue"]["name"] == "b"


def test_a_new_token_brings_a_finished_run_to_its_next_attempt(stage: Stage) -> None:
    stage.apply(endpoint(), run("again"))
    first = to_its_end(stage, "again")
    stage.apply(run("again", rerunToken="monday"))
    stage.until(lambda: stage.get("evalrun", "again")["status"]["attempt"] == 2)
    second = to_its_end(stage, "again")
    assert first["metadata"]["uid"] == second["metadata"]["uid"]
    assert [one["attempt"] for one in second["status"]["history"]] == [1]
    assert second["status"]["runHash"] != first["status"]["runHash"]
    assert {"labels", "finalizers"}.isdisjoint(second["metadata"])


def test_results_that_a_plan_finds_end_the_run_without_a_shard(stage: Stage) -> None:
    report = json.loads(report_message())
    report["report"]["reusedFrom"] = {"name": "found", "uid": "earlier"}
    stage.apply(endpoint(), run("found"))

    def finished() -> bool:
        stage.play("found", {**MESSAGES, "plan": json.dumps(report)})
        return stage.condition("found", "Finished")[0] == "True"

    stage.until(finished, seconds=60)
    assert stage.condition("found", "ResultsAvailable")[1] == "ResultsReused"
    jobs = stage.items("jobs", "kompass.dev/run=found")
    assert [one["metadata"]["labels"]["kompass.dev/stage"] for one in jobs] == ["plan"]
