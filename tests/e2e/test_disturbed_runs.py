"""Whatever happens to a run, its scores are those of an undisturbed one."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from e2e.kube import Kube, condition, until
from e2e.local import answers
from e2e.manifests import endpoint, gaokao
from e2e.objects import Objects
from e2e.release import NAMESPACE, OPERATOR_LABEL, STORAGE_SERVICE
from e2e.results import Outcome, succeeded

pytestmark = [pytest.mark.timeout(1200), pytest.mark.shared]


@pytest.fixture(scope="module")
def undisturbed(tiny_mc: Kube, objects: Objects) -> Outcome:
    tiny_mc.apply(gaokao("undisturbed"))
    return succeeded(tiny_mc, objects, "undisturbed")


def test_every_subject_is_scored_by_generation_and_by_perplexity(undisturbed: Outcome) -> None:
    subjects = {(one["subject"], one["mode"]) for one in undisturbed.samples}
    assert len({subject for subject, _ in subjects}) == 9
    assert len(subjects) == 18
    assert len(undisturbed.plan["shards"]) == 4
    assert undisturbed.run["status"]["shards"]["succeeded"] == 4


def test_cluster_and_command_line_agree(undisturbed: Outcome, shared: Path, tmp_path: Path) -> None:
    model = endpoint("tiny-mc", uri="s3://kompass/models/tiny-mc", longPrompt="TruncateLeft")
    sources = {"s3://kompass/models": shared / "models", "s3://kompass/data": shared / "data"}
    assert answers([model, gaokao("local")], tmp_path, sources) == undisturbed.answers


def test_a_deleted_shard_pod_costs_nothing(
    tiny_mc: Kube, objects: Objects, undisturbed: Outcome
) -> None:
    tiny_mc.apply(gaokao("pod-deleted"))
    pod = _working_pod(tiny_mc, objects, "pod-deleted")
    tiny_mc.run("delete", "pod", pod, "--wait=false")
    outcome = succeeded(tiny_mc, objects, "pod-deleted")
    _assert_same(outcome, undisturbed)
    assert condition(outcome.run, "Failed")["status"] == "False"


def test_a_killed_shard_pod_goes_on_from_its_parts(
    tiny_mc: Kube, objects: Objects, undisturbed: Outcome
) -> None:
    tiny_mc.apply(gaokao("pod-killed"))
    pod = _working_pod(tiny_mc, objects, "pod-killed")
    tiny_mc.run("delete", "pod", pod, "--grace-period=0", "--force")
    _assert_same(succeeded(tiny_mc, objects, "pod-killed"), undisturbed)


def test_an_operator_killed_twenty_times_loses_and_doubles_nothing(
    tiny_mc: Kube, objects: Objects, undisturbed: Outcome
) -> None:
    operator = Kube(NAMESPACE)
    tiny_mc.apply(gaokao("operator-killed"))
    pause = random.Random(20)
    for _ in range(20):
        operator.run(
            "delete", "pod", "-l", OPERATOR_LABEL, "--grace-period=0", "--force", "--wait=false"
        )
        time.sleep(pause.uniform(0.5, 6))
    _assert_same(succeeded(tiny_mc, objects, "operator-killed", seconds=900), undisturbed)
    jobs = tiny_mc.items("jobs", "kompass.dev/run=operator-killed")
    assert len(jobs) == 6, "a plan, four shards, a summary"
    assert all(job["status"].get("failed", 0) == 0 for job in jobs)


def test_suspend_stops_the_pods_and_resume_goes_on(
    tiny_mc: Kube, objects: Objects, undisturbed: Outcome
) -> None:
    tiny_mc.apply(gaokao("suspended"))
    _working_pod(tiny_mc, objects, "suspended")
    tiny_mc.patch("evalrun", "suspended", {"spec": {"execution": {"suspend": True}}})
    until(
        lambda: condition(tiny_mc.get("evalrun", "suspended"), "Suspended")["status"] == "True",
        seconds=30,
        what="Suspended=True",
    )
    until(lambda: not _active_pods(tiny_mc, "suspended"), seconds=60, what="no pod while suspended")
    assert condition(tiny_mc.get("evalrun", "suspended"), "Finished")["status"] == "False"
    tiny_mc.patch("evalrun", "suspended", {"spec": {"execution": {"suspend": False}}})
    _assert_same(succeeded(tiny_mc, objects, "suspended"), undisturbed)


def test_a_deleted_run_leaves_no_object(tiny_mc: Kube, objects: Objects) -> None:
    tiny_mc.apply(gaokao("deleted"))
    _working_pod(tiny_mc, objects, "deleted")
    tiny_mc.run("delete", "evalrun", "deleted", "--wait=true")
    kinds = "jobs,pods,configmaps"
    until(
        lambda: not tiny_mc.items(kinds, "kompass.dev/run=deleted"),
        seconds=90,
        what="no Job, pod or ConfigMap of the deleted run",
    )


def test_storage_away_for_a_minute_fails_no_shard(
    tiny_mc: Kube, objects: Objects, undisturbed: Outcome
) -> None:
    """The Service loses its endpoints, so that every connection is refused."""
    storage = Kube(NAMESPACE)
    selector = storage.get("service", STORAGE_SERVICE)["spec"]["selector"]
    tiny_mc.apply(gaokao("storage-away"))
    _working_pod(tiny_mc, objects, "storage-away")
    storage.patch("service", STORAGE_SERVICE, {"spec": {"selector": {"away": "yes"}}})
    try:
        time.sleep(60)
    finally:
        storage.patch(
            "service", STORAGE_SERVICE, {"spec": {"selector": {"away": None, **selector}}}
        )
    outcome = succeeded(tiny_mc, objects, "storage-away")
    _assert_same(outcome, undisturbed)
    assert outcome.run["status"]["shards"]["failed"] == 0


def test_two_questions_a_subject_with_a_chat_model(smollm2: Kube, objects: Objects) -> None:
    run = gaokao("chat", model="smollm2")
    run["spec"]["benchmarks"] = [
        {**run["spec"]["benchmarks"][0], "limit": 2, "maxNewTokens": 4},
    ]
    run["spec"]["sharding"] = {"shardsPerModel": 2}
    smollm2.apply(run)
    outcome = succeeded(smollm2, objects, "chat", seconds=900)
    assert len(outcome.samples) == 18
    assert all(one["tokensOut"] >= 1 for one in outcome.samples)


def _assert_same(outcome: Outcome, undisturbed: Outcome) -> None:
    assert outcome.answers == undisturbed.answers
    assert outcome.scores == undisturbed.scores


def _active_pods(kube: Kube, run: str) -> list[str]:
    return [
        pod["metadata"]["name"]
        for pod in kube.items("pods", f"kompass.dev/run={run}")
        if pod["status"]["phase"] in ("Pending", "Running")
    ]


def _working_pod(kube: Kube, objects: Objects, run: str) -> str:
    """A shard pod that has committed a part and is still at work."""
    found: list[str] = []

    def at_work() -> bool:
        found[:] = [
            pod["metadata"]["name"]
            for pod in kube.items("pods", f"kompass.dev/run={run},kompass.dev/stage=shard")
            if pod["status"]["phase"] == "Running"
        ]
        uid = kube.get("evalrun", run)["metadata"]["uid"]
        parts = objects.keys(f"runs/{kube.namespace}/{run}/{uid}/shards/")
        return bool(found) and any("/part-" in key for key in parts)

    until(at_work, seconds=180, what=f"a shard pod of {run} with a committed part", every=0.3)
    return found[0]
