"""The operator dies at any request, the watches lag, pods end at any answer: nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from unit.scenarios.restless import Restless
from unit.worker.runs import bench_of

from kompass_api.plandocument import Plan
from kompass_worker.inference.parts import decompressed

RESTARTS = 1000
SHARDS = 5


def assert_undisturbed(world: Restless) -> None:
    """Every Job was made once, every shard ended well, every item was answered and counted once."""
    jobs = {name: count for name, count in world.created.items() if name.startswith("Job ")}
    assert set(jobs.values()) == {1}, jobs
    assert world.jobs() == ["plan", *(f"s{n}" for n in range(SHARDS)), "summarize"]
    assert world.condition("Complete") == ("True", "EvaluationSucceeded")
    assert world.status().shards.succeeded == SHARDS
    assert world.status().failures == []
    plan = Plan.model_validate_json(world.bench.store.get("plan.json"))
    stored = decompressed(world.bench.store.get("report/samples.jsonl.zst"))
    rows = Counter(json.loads(line)["item"] for line in stored.splitlines())
    assert rows == Counter(item.id for shard in plan.shards for item in shard.items)


async def test_scenario_01_02_thousand_random_restarts_leave_what_an_undisturbed_run_leaves(
    tmp_path: Path,
) -> None:
    deaths, seed = 0, 0
    while deaths < RESTARTS:
        world = Restless(bench_of(tmp_path, shards=SHARDS), seed, peril=0.6)
        await world.live()
        await world.calm()
        assert_undisturbed(world)
        deaths, seed = deaths + world.deaths, seed + 1
    assert deaths >= RESTARTS


@pytest.mark.parametrize("seed", range(20))
async def test_scenario_03_watches_that_lag_behind_a_restart_undo_nothing(
    tmp_path: Path, seed: int
) -> None:
    world = Restless(bench_of(tmp_path, shards=SHARDS), seed, peril=0.1, lag=12)
    await world.live()
    await world.calm()
    assert_undisturbed(world)
