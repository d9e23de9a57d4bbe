"""Runs under EvalPolicies: refused, held, or waiting for GPUs; what a person sees of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from unit.operator.sights import a_run, document_of
from unit.operator.world import (
    KEY,
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    plan_message,
    run_manifest,
    settings,
)

from kompass_api.conditions import Reason
from kompass_operator.cluster import Kind, Manifest
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.names import fingerprint
from kompass_operator.policies.reading import sight_of
from kompass_operator.policies.verdicts import peak_gpus
from kompass_operator.views import RunKey

Json = dict[str, Any]


def policy(name: str = "research", **spec: object) -> Json:
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def under(*policies: Json, **spec: Any) -> World:
    world = World()
    world.apply(*policies, endpoint_manifest(), run_manifest(**spec))
    return world


def events(world: World) -> list[tuple[str, str]]:
    return [
        (held["type"], held["reason"])
        for (kind, *_), held in world.cluster.objects.items()
        if kind == "Event"
    ]


async def test_denied_run_is_not_accepted_and_says_which_rule_of_which_policy() -> None:
    world = under(policy(limits={"maxParallelism": 2}))
    await world.settle()
    assert world.condition("Accepted") == ("False", "PolicyDenied")
    assert world.condition("Finished") == ("True", "PolicyDenied")
    assert world.condition("Stalled") == ("True", "PolicyDenied")
    assert world.message("Accepted") == (
        "EvalPolicy research, rule limits.maxParallelism: the run has spec.execution.parallelism "
        "4; allowed is at most 2"
    )
    assert world.jobs() == []
    assert ("Warning", "PolicyDenied") in events(world)


async def test_everything_that_is_denied_is_said_at_once() -> None:
    world = under(
        policy("models", sources={"models": ["hf://meta"]}),
        policy("network", network="Restricted"),
        policy("data", sources={"data": ["s3://data"]}),
    )
    await world.settle()
    message = world.message("Accepted")
    assert "EvalPolicy models, rule sources.models: ModelEndpoint m has source s3://m" in message
    assert "EvalPolicy network, rule network: the run has spec.security.network Online" in message
    assert (
        "EvalPolicy data, rule sources.data: benchmark ceval-gen reads hf://datasets/ceval"
        in message
    )


async def test_data_that_a_run_names_instead_is_what_counts() -> None:
    own = [{"name": "ceval-gen", "source": {"uri": "s3://data/ceval"}}]
    world = under(policy(sources={"data": ["s3://data"]}), benchmarks=own)
    await world.settle()
    assert world.condition("Accepted") == ("True", "Accepted")


@pytest.mark.parametrize(
    ("spec", "labels", "selected"),
    [
        pytest.param({}, {}, True, id="every-namespace"),
        pytest.param({"namespaces": ["team"]}, {}, True, id="by-name"),
        pytest.param({"namespaces": ["other"]}, {}, False, id="another-name"),
        pytest.param({"namespaces": []}, {}, False, id="no-name"),
        pytest.param({"namespaceSelector": {}}, {}, True, id="every-label"),
        pytest.param(
            {"namespaceSelector": {"matchLabels": {"tier": "a"}}}, {"tier": "a"}, True, id="label"
        ),
        pytest.param(
            {"namespaceSelector": {"matchLabels": {"tier": "a"}}},
            {"tier": "b"},
            False,
            id="another-label",
        ),
        pytest.param(
            {"namespaces": ["team"], "namespaceSelector": {"matchLabels": {"tier": "a"}}},
            {},
            True,
            id="by-name-or-label",
        ),
        pytest.param(
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "tier", "operator": "In", "values": ["a", "b"]},
                        {"key": "free", "operator": "NotIn", "values": ["yes"]},
                        {"key": "team", "operator": "Exists"},
                        {"key": "retired", "operator": "DoesNotExist"},
                    ]
                }
            },
            {"tier": "b", "team": "x"},
            True,
            id="expressions",
        ),
        pytest.param(
            {
                "namespaceSelector": {
                    "matchExpressions": [{"key": "free", "operator": "NotIn", "values": ["yes"]}]
                }
            },
            {"free": "yes"},
            False,
            id="not-in",
        ),
    ],
)
def test_namespaces_that_a_policy_is_for(spec: Json, labels: Json, *, selected: bool) -> None:
    sight = sight_of([policy(**spec)], "team", labels)
    assert bool(sight.policies) is selected
    assert sight.unreadable == ()


def test_namespace_whose_labels_are_not_known_yet_is_waited_for() -> None:
    by_label = policy(namespaceSelector={"matchLabels": {"tier": "a"}})
    [problem] = sight_of([by_label], "team", None).unreadable
    assert problem.may_pass
    assert sight_of([policy(namespaces=["team"])], "team", None).unreadable == ()


async def test_policy_of_another_release_lets_nothing_through() -> None:
    world = under(policy(limits={"maxModels": 3}))
    await world.settle()
    assert world.condition("Accepted") == ("False", "PolicyDenied")
    assert "EvalPolicy research cannot be read" in world.message("Accepted")
    assert world.condition("Finished")[0] == "False"


async def test_operator_that_is_told_so_looks_at_no_policy() -> None:
    world = World(settings=settings(policies=False))
    world.apply(policy(limits={"maxParallelism": 0}), endpoint_manifest(), run_manifest())
    await world.settle()
    assert world.condition("Accepted")[0] == "True"


async def test_policy_that_comes_to_deny_lets_shards_finish_and_starts_nothing_new() -> None:
    world = applied(execution={"parallelism": 2})
    await world.planned(shards=3)
    for place in ("s0", "s1"):
        world.run_pod(place)
    world.apply(policy(trustRemoteCode="Deny", servedHosts=[], sources={"models": []}))
    world.complete("s0")
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1"]
    assert world.condition("Stalled") == ("True", "PolicyDenied")
    assert world.condition("Progressing") == ("False", "PolicyDenied")
    assert world.condition("Reconciling")[0] == "False"
    assert world.condition("Accepted")[0] == "True"
    assert world.condition("Finished")[0] == "False"
    assert "rule sources.models" in world.message("Stalled")
    assert ("Warning", "PolicyDenied") in events(world)
    world.cluster.remove("EvalPolicy", "", "research")
    await world.settle()
    assert world.jobs() == ["plan", "s0", "s1", "s2"]
    assert world.condition("Stalled")[0] == "False"


async def test_plan_with_more_shards_than_allowed_is_held() -> None:
    world = under(policy(limits={"maxShards": 2}), sharding={"maxItemsPerShard": 2}, retry={})
    await world.settle()
    world.complete("plan", plan_message(3))
    await world.settle()
    assert world.jobs() == ["plan"]
    assert world.condition("Stalled") == ("True", "PolicyDenied")
    assert "rule limits.maxShards: the plan has 3 shards; allowed is at most 2" in world.message(
        "Stalled"
    )


@pytest.mark.parametrize(
    ("spec", "gpus"),
    [
        pytest.param({}, 1, id="a-shard"),
        pytest.param({"sharding": {"shardsPerModel": 8}}, 4, id="as-many-as-run-at-a-time"),
        pytest.param(
            {"sharding": {"shardsPerModel": 8}, "execution": {"parallelism": 16}},
            8,
            id="as-many-as-there-are",
        ),
        pytest.param({"sharding": {"maxItemsPerShard": 8}}, 4, id="not-known-yet"),
    ],
)
def test_gpus_that_a_run_holds_at_a_time(spec: Json, gpus: int) -> None:
    run = a_run(**spec)
    assert peak_gpus(run, document_of(run)) == gpus


async def test_run_that_would_hold_too_many_gpus_is_denied() -> None:
    world = under(policy(limits={"maxGpusPerRun": 3}), sharding={"shardsPerModel": 8})
    await world.settle()
    assert world.condition("Accepted") == ("False", "PolicyDenied")
    assert "would hold 4 GPUs at a time (spec.execution.parallelism 4)" in world.message("Accepted")


# GPUs of a namespace


class Namespace:
    """Runs that share the GPUs of their namespace."""

    def __init__(self, limit: int, cluster: FakeCluster | None = None) -> None:
        self.world = World()
        if cluster is not None:
            self.world.cluster = cluster
            self.world.restart()
        self.world.apply(
            policy(limits={"maxGpusPerNamespace": limit}),
            endpoint_manifest(),
            endpoint_manifest("large", gpu={"count": 4}),
        )

    async def apply(self, name: str, shards: int, model: str = "m", parallelism: int = 4) -> None:
        """Apply a run and plan it."""
        models = [{"name": model}]
        manifest = run_manifest(name, models=models, execution={"parallelism": parallelism})
        self.world.apply(manifest)
        await self.settle(name)
        self.world.complete(self.place(name, "plan"), plan_message(shards, model))
        await self.settle(name)
        self.world.wait(60)

    def place(self, run: str, place: str) -> str:
        """The end of the name of a run's Job."""
        held = self.world.cluster.objects["EvalRun", NAMESPACE, run]
        return f"{fingerprint(held['metadata']['uid'])}-{place}"

    async def settle(self, *names: str) -> None:
        for name in names:
            await self.world.settle(RunKey(NAMESPACE, name))

    async def finish(self, run: str, shard: str) -> None:
        """A shard is done; its run notices."""
        self.world.complete(self.place(run, shard))
        await self.settle(run)

    def shards(self, run: str) -> list[str]:
        """The shard Jobs of a run that exist."""
        uid = self.world.cluster.objects["EvalRun", NAMESPACE, run]["metadata"]["uid"]
        names = [name for kind, _, name in self.world.cluster.objects if kind == "Job"]
        places = [name.rpartition("-")[2] for name in names if fingerprint(uid) in name]
        return sorted(place for place in places if place.startswith("s") and place != "summarize")

    def why(self, run: str) -> tuple[str, str]:
        """Reason of Progressing, and whether the run has ended."""
        held = {one.type: one for one in self.world.status(RunKey(NAMESPACE, run)).conditions}
        return held["Progressing"].reason, held["Finished"].status.value


async def test_run_waits_for_the_gpus_of_its_namespace_and_never_fails() -> None:
    team = Namespace(limit=2)
    await team.apply("first", shards=2)
    await team.apply("second", shards=1)
    assert team.shards("first") == ["s0", "s1"]
    assert team.shards("second") == []
    assert team.why("second") == ("WaitingForGPUs", "False")
    team.world.wait(7 * 24 * 3600)
    await team.settle("second")
    assert team.why("second") == ("WaitingForGPUs", "False")
    await team.finish("first", "s0")
    await team.settle("second")
    assert team.shards("second") == ["s0"]


async def test_waiting_run_looks_again_by_itself() -> None:
    team = Namespace(limit=1)
    await team.apply("first", shards=1)
    await team.apply("second", shards=1)
    outcome = await team.world.operator.reconcile(RunKey(NAMESPACE, "second"))
    assert outcome.again_seconds is not None
    assert outcome.again_seconds <= 10


async def test_run_takes_what_is_free_of_its_namespace() -> None:
    team = Namespace(limit=3)
    await team.apply("first", shards=2)
    await team.apply("second", shards=4)
    assert team.shards("second") == ["s0"]
    assert team.why("second")[0] == "ShardsRunning"
    await team.finish("first", "s0")
    await team.settle("second")
    assert team.shards("second") == ["s0", "s1"]


async def test_older_run_with_large_shards_is_not_overtaken_by_small_ones() -> None:
    team = Namespace(limit=4)
    await team.apply("running", shards=2)
    await team.apply("large", shards=1, model="large")
    assert team.why("large")[0] == "WaitingForGPUs"
    await team.apply("small", shards=4)
    assert team.shards("small") == []
    await team.finish("running", "s0")
    await team.finish("running", "s1")
    await team.settle("small", "large")
    assert team.shards("small") == []
    assert team.shards("large") == ["s0"]
    await team.finish("large", "s0")
    await team.settle("small")
    assert team.shards("small") == ["s0", "s1", "s2", "s3"]


class SlowCluster(FakeCluster):
    """Lets others go on while an object is created, as a network does."""

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The object as it was created."""
        await asyncio.sleep(0)
        return await super().create(kind, manifest)


async def test_runs_that_are_brought_on_at_once_do_not_both_take_the_last_gpus() -> None:
    team = Namespace(limit=2, cluster=SlowCluster())
    names = [f"run-{number}" for number in range(4)]
    for name in names:
        team.world.apply(run_manifest(name))
        await team.settle(name)
        team.world.complete(team.place(name, "plan"), plan_message(1))
    await asyncio.gather(
        *(team.world.operator.reconcile(RunKey(NAMESPACE, name)) for name in names)
    )
    assert sum(len(team.shards(name)) for name in names) == 2


async def test_namespaces_do_not_wait_for_each_other() -> None:
    team = Namespace(limit=1)
    await team.apply("first", shards=1)
    for manifest in (endpoint_manifest(), run_manifest("elsewhere")):
        team.world.apply({**manifest, "metadata": {**manifest["metadata"], "namespace": "other"}})
    key = RunKey("other", "elsewhere")
    await team.world.settle(key)
    uid = team.world.cluster.objects["EvalRun", *key]["metadata"]["uid"]
    team.world.complete(f"{fingerprint(uid)}-plan", plan_message(2))
    await team.world.settle(key)
    assert [
        name[-2:]
        for kind, where, name in team.world.cluster.objects
        if (kind, where) == ("Job", "other") and not name.endswith("plan")
    ] == ["s0"]


async def test_shard_larger_than_its_namespace_may_have_is_denied() -> None:
    world = World()
    world.apply(
        policy(limits={"maxGpusPerNamespace": 2}),
        endpoint_manifest(gpu={"count": 4}),
        run_manifest(),
    )
    await world.settle(KEY)
    assert world.condition("Accepted") == ("False", Reason.POLICY_DENIED)
