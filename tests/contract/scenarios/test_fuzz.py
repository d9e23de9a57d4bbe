"""Edits at random against a real API server: what is refused leaves the run as it was.

KOMPASS_FUZZ_SECONDS says how long; `make soak` takes half an hour.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract.operator.places import eventually
from contract.operator.process import OperatorProcess, grant, grant_sight, login, withdraw_sight
from contract.operator.test_process import endpoint, run
from mutations import a_wrong_edit

from clusters import Cluster
from kompass_api.evalrun import EvalRun
from kompass_api.resources import API_VERSION
from simulation.apiserver import ApiServer, Object, Refused
from simulation.kubelet import PlayedKubelet, well

SECONDS = float(os.environ.get("KOMPASS_FUZZ_SECONDS", "20"))
SHARDS = 4
TIMES = ("startTime", "completionTime", "observedGeneration")

pytestmark = [pytest.mark.soak, pytest.mark.cluster, pytest.mark.timeout(SECONDS * 2 + 240)]


@pytest.fixture(scope="session")
def schema(root: Path) -> Object:
    """The schema of an EvalRun's spec."""
    crd = yaml.safe_load((root / "crds" / "kompass.dev_evalruns.yaml").read_text())
    whole = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec: Object = whole["properties"]["spec"]
    return spec


@pytest.fixture
async def kinds(
    cluster: Cluster, alone: None, fresh_namespace: str, server: ApiServer, tmp_path: Path
) -> AsyncIterator[str]:
    """Where runs go: an operator serves it, and every pod ends well."""
    grant(cluster, fresh_namespace)
    grant_sight(cluster, fresh_namespace)
    login(cluster, fresh_namespace, tmp_path / "kubeconfig")
    operator = OperatorProcess(cluster, fresh_namespace, tmp_path)
    operator.start()
    kubelet = PlayedKubelet(server, fresh_namespace, lambda labels: well(labels, SHARDS))
    serving = asyncio.create_task(kubelet.serve())
    path = f"/apis/{API_VERSION}/namespaces/{fresh_namespace}"
    await server.request("POST", f"{path}/modelendpoints", endpoint())
    yield path
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    operator.kill()
    withdraw_sight(cluster, fresh_namespace)
    said = [json.loads(line) for line in operator.log.splitlines()]
    assert [line["message"] for line in said if line["level"] == "ERROR"] == []


def a_right_edit(chance: random.Random) -> Object:
    """A merge patch that every run takes at any time."""
    execution: Object = {}
    if chance.random() < 0.7:
        execution["parallelism"] = chance.randint(1, 6)
    if chance.random() < 0.7:
        execution["suspend"] = chance.random() < 0.5
    if chance.random() < 0.3:
        execution["shardDeadlineSeconds"] = chance.randint(3600, 90_000)
    return {
        "execution": execution,
        "retry": {"maxAttemptsPerShard": chance.randint(1, 10)},
        "cleanup": {"ttlSecondsAfterFinished": chance.randint(100_000, 31_536_000)},
    }


async def try_out(server: ApiServer, path: str, patch: Object, tally: Counter[str]) -> None:
    """The server refuses in words, or takes what the operator can read as well."""
    query = "?dryRun=All&fieldValidation=Strict"
    refusal: Refused | None = None
    try:
        taken = await server.request("PATCH", path + query, {"spec": patch})
    except Refused as said:
        refusal = said
    if refusal is None:
        EvalRun.model_validate(taken)
        tally["taken"] += 1
        return
    assert 400 <= refusal.status < 500, (patch, refusal)
    assert len(str(refusal)) > 10, (patch, refusal)
    tally["refused"] += 1


async def test_scenario_32_edits_at_random_end_as_a_fresh_apply_and_nonsense_changes_nothing(
    server: ApiServer, kinds: str, schema: Object
) -> None:
    chance, tally = random.Random(32), Counter[str]()
    began, number = time.monotonic(), 0
    while time.monotonic() - began < SECONDS or number == 0:
        name, number = f"edited-{number}", number + 1
        path = f"{kinds}/evalruns/{name}"
        await server.request(
            "POST", f"{kinds}/evalruns", run(name, execution={"suspend": True, "parallelism": 2})
        )
        for _ in range(chance.randint(2, 5)):
            held = await server.request("GET", path)
            for _ in range(12):
                await try_out(server, path, a_wrong_edit(schema, chance), tally)
            assert (await server.request("GET", path))["spec"] == held["spec"]
            await server.request("PATCH", path, {"spec": a_right_edit(chance)})
            await asyncio.sleep(chance.uniform(0, 1.5))
        last = await server.request("PATCH", path, {"spec": {"execution": {"suspend": False}}})
        fresh = {**run(f"fresh-{name}"), "spec": last["spec"]}
        await server.request("POST", f"{kinds}/evalruns", fresh)
        ends = [await end_state(server, kinds, one) for one in (name, f"fresh-{name}")]
        assert ends[0] == ends[1], last["spec"]
        assert ends[0]["phase"] == "Succeeded"
    assert tally["refused"] > 10 * number
    print(f"{number} runs, edits {dict(tally)}")


async def end_state(server: ApiServer, kinds: str, name: str) -> dict[str, Any]:
    """A finished run's status without times."""
    path = f"{kinds}/evalruns/{name}"

    async def is_over() -> bool:
        return "completionTime" in (await server.request("GET", path)).get("status", {})

    await eventually(is_over, seconds=90)
    held = (await server.request("GET", path))["status"]
    kept = {key: value for key, value in held.items() if key not in TIMES}
    kept["conditions"] = [
        (one["type"], one["status"], one["reason"])
        for one in held["conditions"]
        # Whether a run was ever suspended is told for good.
        if one["type"] != "Suspended"
    ]
    return kept
