"""What a tenant can do to others and to the operator: nothing that lasts (scenario 30)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifest_cases import RIGHT, changed
from pydantic import ValidationError
from unit.operator.sights import SETTINGS, a_run, document_of
from unit.operator.world import (
    NAMESPACE,
    World,
    applied,
    endpoint_manifest,
    failure_message,
    plan_message,
    run_manifest,
)

from kompass_api import ModelEndpoint, RunDocument
from kompass_api.definitions import KINDS, definition
from kompass_operator.actions import CreateJob
from kompass_operator.decisions.acceptance import MAX_DOCUMENT_BYTES
from kompass_operator.manifests import config_map, job
from kompass_operator.names import Stage
from kompass_operator.views import RunKey
from kompass_operator.workqueue import Agenda, Backoff

Json = dict[str, Any]
WEIRD = "\u202e$(reboot)\u0000`id`{{7*7}}\u2028<script>\U0001f4a3é\n';--"


def test_scenario_30_thousand_runs_of_one_namespace_delay_another_by_one_turn() -> None:
    queue: Agenda[RunKey] = Agenda(Backoff(), lambda: 0, lane_of=lambda key: key.namespace)
    for number in range(1000):
        queue.add(RunKey("flood", f"run-{number}"), 0)
    queue.add(RunKey("quiet", "only"), 0)
    assert [queue.take(1) for _ in range(2)] == [
        RunKey("flood", "run-0"),
        RunKey("quiet", "only"),
    ]


async def test_scenario_30_run_that_makes_a_document_of_a_mebibyte_is_refused() -> None:
    long = [f"{'a' * 56}{number:06}" for number in range(512)]
    names = ["ceval-gen", "cmmlu-gen", "mmlu-gen", "bbh-gen", "agieval-gen", "gaokao-bench-gen"]
    own = [f"own-{number}" for number in range(34)]
    world = World()
    world.apply(
        endpoint_manifest(),
        *(
            {
                **changed(RIGHT["Benchmark"], {"metadata/name": name}),
                "metadata": {"name": name, "namespace": NAMESPACE},
            }
            for name in own
        ),
        run_manifest(benchmarks=[{"name": name, "subjects": long} for name in (*names, *own)]),
    )
    await world.settle()
    assert world.condition("Accepted") == ("False", "InvalidSpec")
    assert f"a ConfigMap holds {MAX_DOCUMENT_BYTES}: cut it into several runs" in world.message(
        "Accepted"
    )
    assert world.cluster.requests["create ConfigMap"] == 0


@settings(max_examples=40, deadline=None)
@given(text=st.text(min_size=1, max_size=64).filter(lambda text: text.strip() != ""))
def test_scenario_30_weird_text_reaches_the_pod_as_data_and_nothing_else(text: str) -> None:
    run = a_run()
    document = document_of(run)
    odd = document.models[0].model_copy(
        update={"spec": document.models[0].spec.model_copy(update={"stop_words": [text]})}
    )
    document = document.model_copy(update={"models": [odd]})
    [stored] = config_map(run, document)["data"].values()
    assert RunDocument.model_validate_json(stored) == document
    manifest = job(run, document, CreateJob(Stage.SHARD, 0, "m"), SETTINGS)
    plain = job(run, document_of(run), CreateJob(Stage.SHARD, 0, "m"), SETTINGS)
    assert manifest == plain, "the Job says nothing of what the document holds"


async def test_scenario_30_weird_words_of_a_pod_stay_words() -> None:
    world = applied()
    await world.planned(shards=1)
    world.fail("s0", 70, failure_message("Internal", WEIRD * 100))
    await world.settle()
    [failure] = world.status().failures
    assert len(failure.message) <= 512
    json.dumps(world.status().model_dump(mode="json")).encode()
    assert all(len(held.message) <= 1024 for held in world.status().conditions)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"modelOptions": {"trust_remote_code": "true"}}, id="model"),
        pytest.param({"tokenizerOptions": {"trust_remote_code": "true"}}, id="tokenizer"),
        pytest.param({"modelOptions": {"device_map": "__import__('os')"}}, id="device-map"),
        pytest.param({"args": ["--trust-remote-code"]}, id="arguments"),
    ],
)
def test_scenario_30_remote_code_has_one_door(options: Json) -> None:
    manifest = changed(RIGHT["ModelEndpoint"], {"spec/huggingFace": options})
    with pytest.raises(ValidationError):
        ModelEndpoint.model_validate(manifest)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_scenario_30_no_field_names_another_namespace(kind: Any) -> None:
    schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec = schema["properties"]["spec"]
    found = {path for path in _paths(spec) if path.rpartition(".")[2].lower() == "namespace"}
    assert found == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_scenario_30_no_field_takes_what_reaches_the_node(kind: Any) -> None:
    schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    names = {path.rpartition(".")[2].lower() for path in _paths(schema["properties"]["spec"])}
    forbidden = {
        "hostpath",
        "hostnetwork",
        "hostpid",
        "hostipc",
        "privileged",
        "securitycontext",
        "serviceaccountname",
        "containers",
        "initcontainers",
        "command",
    }
    assert names & forbidden <= _managed(kind.name)


def _managed(kind: str) -> set[str]:
    """A server of one's own image has a command, which is an array and runs in its own pod."""
    return {"command"} if kind == "ModelEndpoint" else set()


def _paths(schema: Json, path: str = "") -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from _paths(child, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from _paths(schema[inner], path)


async def test_scenario_30_status_and_events_of_a_large_run_stay_small() -> None:
    world = applied(execution={"parallelism": 512})
    await world.settle()
    world.complete("plan", plan_message(1000))
    await world.settle()
    status = world.status().model_dump_json(by_alias=True, exclude_none=True)
    assert len(status) < 12 * 1024
