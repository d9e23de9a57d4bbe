"""Scenarios of a run that others interfere with, against the cluster in memory."""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

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
)
from unit.scenarios.restless import Restless
from unit.scenarios.test_restarts import SHARDS, assert_undisturbed
from unit.worker.runs import bench_of

from kompass_api.resources import ObjectMeta
from kompass_operator.cluster import Conflict
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.names import Stage, document_name, job_name
from kompass_operator.reconciler import Reconciler

MESSAGES = {"plan": plan_message(3), "summarize": report_message()}


async def to_the_end(world: World) -> None:
    """Every open Job ends well, until the run has finished."""
    for _ in range(20):
        await world.settle()
        if world.status().completion_time is not None:
            return
        for place in open_jobs(world):
            world.complete(place, MESSAGES.get(place, "{}"))
    message = "the run does not end"
    raise AssertionError(message)


def open_jobs(world: World) -> list[str]:
    """Jobs that have not ended."""
    return [
        place
        for place in world.jobs()
        if "conditions" not in world.job(place).get("status", {})
        and "deletionTimestamp" not in world.job(place)["metadata"]
    ]


def remove_job(world: World, place: str) -> None:
    """As kubectl delete does, pods and all."""
    world.cluster.remove("Job", NAMESPACE, world.job(place)["metadata"]["name"])


@pytest.mark.parametrize("place", ["plan", "s1", "summarize"])
async def test_scenario_04_job_that_failed_and_vanished_unseen_is_made_again(place: str) -> None:
    world = applied(execution={"parallelism": 3})
    for _ in range(6):
        await world.settle()
        if place in world.jobs():
            break
        for other in open_jobs(world):
            world.complete(other, MESSAGES.get(other, "{}"))
    world.fail(place, 70, failure_message("Internal", "nobody saw this"))
    remove_job(world, place)
    await to_the_end(world)
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")


class Twins:
    """Two operators that see one cluster, each with a lag of its own."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = applied(execution={"parallelism": 2})
        self.created: Counter[str] = Counter()
        self.history: list[dict[str, str]] = []
        self.views = [FakeCluster(self.world.now) for _ in range(2)]
        self.operators = [
            Reconciler(self.world.cluster, view, self.world.settings, self.world.now)
            for view in self.views
        ]
        self.past: list[dict[Any, Any]] = []

    async def live(self) -> None:
        """Until the run has finished, and a little longer."""
        left = 20
        while left:
            self.past = [*self.past[-3:], copy.deepcopy(self.world.cluster.objects)]
            which = self.chance.randrange(2)
            self.views[which].objects = self.chance.choice(self.past)
            for kind, held in self._jobs():
                self.operators[which].jobs.seen(held["metadata"]["uid"])
                self.created[f"{kind} {held['metadata']['uid']}"] = 1
            try:
                await self.operators[which].reconcile(KEY)
            except Conflict:
                self.world.wait(1)
            self.world.wait(self.chance.choice((0.5, 2)))
            self.history.append(
                {one.type: one.status.value for one in self.world.status().conditions}
            )
            for place in open_jobs(self.world)[:1]:
                if self.chance.random() < 0.4:
                    self.world.complete(place, MESSAGES.get(place, "{}"))
            left -= self.world.status().completion_time is not None

    def _jobs(self) -> Iterable[tuple[str, Any]]:
        held = self.world.cluster.objects.items()
        return [(kind, job) for (kind, *_), job in held if kind == "Job"]


@pytest.mark.parametrize("seed", range(10))
async def test_scenario_06_two_operators_at_once_make_no_job_twice_and_no_condition_flap(
    seed: int,
) -> None:
    twins = Twins(seed)
    await twins.live()
    assert twins.world.condition("Complete")[0] == "True"
    assert len(twins.created) == 5, "a plan, three shards, a summary, each with one uid"
    for condition in twins.history[-1]:
        held = [seen[condition] for seen in twins.history if condition in seen]
        changes = [value for value, _ in itertools.groupby(held)]
        assert len(changes) == len(set(changes)), (condition, changes)


async def test_scenario_07_user_who_edits_all_the_time_costs_no_more_writes_than_edits() -> None:
    calm, busy = applied(), applied()
    chance, edits = random.Random(7), 0

    def edit(request: str) -> None:
        nonlocal edits
        if request == "apply status" and chance.random() < 0.6:
            edits += 1
            held = busy.cluster.objects["EvalRun", *KEY]
            note = {"annotations": {"example.com/note": str(edits)}}
            busy.cluster.change("EvalRun", *KEY, metadata={**held["metadata"], **note})

    busy.cluster.before_request = edit
    await to_the_end(calm)
    for _ in range(200):
        try:
            await to_the_end(busy)
            break
        except Conflict:
            busy.wait(1)
    assert busy.condition("Complete")[0] == "True"
    assert edits > 3
    spent = busy.cluster.requests["apply status"] - calm.cluster.requests["apply status"]
    assert spent <= edits
    assert busy.cluster.objects["EvalRun", *KEY]["metadata"]["annotations"]


async def test_scenario_10_run_made_again_at_once_has_jobs_and_a_folder_of_its_own() -> None:
    world = applied()
    await world.planned(shards=3)
    before = {name for kind, _, name in world.cluster.objects if kind in ("Job", "ConfigMap")}
    first = world.cluster.objects["EvalRun", *KEY]["metadata"]["uid"]
    world.cluster.remove("EvalRun", *KEY)
    world.apply(run_manifest())
    await to_the_end(world)
    held = {(kind, name): one for (kind, _, name), one in world.cluster.objects.items()}
    after = {name for kind, name in held if kind in ("Job", "ConfigMap")}
    assert not before & after
    documents = [one["data"]["run.json"] for (kind, _), one in held.items() if kind == "ConfigMap"]
    assert len(documents) == 1
    assert first not in documents[0], "an old pod's folder is none of the new run's"
    assert json.loads(documents[0])["storage"]["uri"].endswith(
        held["EvalRun", "demo"]["metadata"]["uid"]
    )


@pytest.mark.parametrize("seed", range(5))
async def test_scenario_18_edits_while_it_runs_start_no_finished_shard_again(seed: int) -> None:
    world, chance = applied(execution={"parallelism": 2}), random.Random(seed)
    await world.planned(shards=6)
    finished: dict[str, str] = {}
    for turn in range(40):
        change = chance.choice(["suspend", "parallelism", "deadline", "work"])
        if change == "suspend":
            world.patch_execution(suspend=turn % 2 == 0)
        elif change == "parallelism":
            world.patch_execution(parallelism=chance.randint(1, 6))
        elif change == "deadline":
            world.patch_execution(deadlineSeconds=100_000 + turn)
        elif world.status().phase == "Running" and open_jobs(world):
            place = chance.choice(open_jobs(world))
            world.complete(place)
            finished[place] = world.job(place)["metadata"]["uid"]
        await world.settle()
        assert {place: world.job(place)["metadata"]["uid"] for place in finished} == finished
    world.patch_execution(suspend=False, parallelism=3)
    await to_the_end(world)
    assert world.status().progress == "6/6"
    assert world.condition("Complete")[0] == "True"


async def test_scenario_19_job_of_others_with_a_computed_name_is_never_taken_over() -> None:
    world = World()
    world.apply(endpoint_manifest(), run_manifest())
    run = ObjectMeta.model_validate(world.cluster.objects["EvalRun", *KEY]["metadata"])
    foreign = {
        "kind": "Job",
        "metadata": {"name": job_name(run, Stage.PLAN), "namespace": NAMESPACE},
        "spec": {"template": {"spec": {"containers": [{"name": "x"}]}}},
    }
    world.apply(foreign)
    before = copy.deepcopy(world.cluster.objects["Job", NAMESPACE, job_name(run, Stage.PLAN)])
    await world.settle()
    assert world.condition("Failed") == ("True", "NameCollision")
    assert job_name(run, Stage.PLAN) in world.message("Failed")
    assert world.cluster.objects["Job", NAMESPACE, job_name(run, Stage.PLAN)] == before


def test_scenario_19_names_of_different_runs_never_meet() -> None:
    names = ["r" * 40, "r" * 39, "r", "r-s1", "r-plan"]
    runs = [ObjectMeta(name=name, uid=f"uid-{n}") for n in range(3) for name in names]
    children = [
        child
        for run in runs
        for child in (
            document_name(run),
            job_name(run, Stage.PLAN),
            job_name(run, Stage.SUMMARIZE),
            *(job_name(run, Stage.SHARD, shard) for shard in (0, 1, 11, 8191)),
        )
    ]
    assert len(set(children)) == len(children)
    assert max(map(len, children)) <= 63


async def test_scenario_20_quota_is_waited_for_and_its_rise_is_used() -> None:
    world = applied(execution={"parallelism": 3})
    world.cluster.job_quota = 2
    await world.settle()
    world.complete("plan", plan_message(3))
    first = await world.operator.reconcile(KEY)
    assert first.refused
    assert world.condition("Progressing") == ("False", "ResourceQuotaExceeded")
    assert world.condition("Finished")[0] == "False"
    asked = sum(world.cluster.requests.values())
    for _ in range(5):
        world.wait(60)
        assert (await world.operator.reconcile(KEY)).refused
    assert sum(world.cluster.requests.values()) - asked <= 5 * 3, "requests of five passes"
    world.cluster.job_quota = None
    await to_the_end(world)
    assert world.condition("Complete")[0] == "True"


class Forgetful(Restless):
    """A cluster that forgets Jobs and pods which ended, while nobody looks."""

    async def _pass(self) -> None:
        await super()._pass()
        ended = [
            place for place in self.jobs() if "conditions" in self.job(place).get("status", {})
        ]
        if ended and self.chance.random() < 0.2:
            meta = self.job(self.chance.choice(ended))["metadata"]
            pods = [
                name
                for kind, _, name in self.cluster.objects
                if kind == "Pod" and name.startswith(meta["name"])
            ]
            if self.chance.random() < 0.7:
                self.cluster.remove("Job", NAMESPACE, meta["name"])
            for name in pods:
                self.cluster.remove("Pod", NAMESPACE, name)


@pytest.mark.parametrize("seed", range(8))
async def test_scenario_26_jobs_and_pods_that_were_collected_early_change_no_result(
    tmp_path: Path, seed: int
) -> None:
    quiet = Restless(bench_of(tmp_path, shards=SHARDS), 0, peril=0, lag=0)
    await quiet.live()
    assert_undisturbed(quiet)
    world = Forgetful(bench_of(tmp_path, shards=SHARDS), seed, peril=0.1, lag=2)
    await world.live()
    assert world.status().score == quiet.status().score
    report = "report/samples.jsonl.zst"
    assert world.bench.store.get(report) == quiet.bench.store.get(report)
