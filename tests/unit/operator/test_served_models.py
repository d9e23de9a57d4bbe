"""Pods of models that run elsewhere: no GPU, and the key where it is used and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from unit.operator.sights import SETTINGS, a_run
from unit.operator.world import endpoint_manifest

from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import Problem, Surroundings
from kompass_api.rundocument import RunDocument
from kompass_operator.actions import CreateJob
from kompass_operator.decisions.acceptance import resolved
from kompass_operator.manifests import job
from kompass_operator.names import Stage
from kompass_operator.observed import Observed

OPENAI = {
    "backend": "OpenAI",
    "serving": {
        "url": "http://llama.models.svc:8000/v1",
        "model": "llama",
        "apiKeySecretRef": {"name": "llm-keys", "key": "OPENAI_API_KEY"},
    },
}
SPARK = {
    "backend": "Spark",
    "serving": {"model": "4.0Ultra", "apiKeySecretRef": {"name": "spark"}},
}
WEIGHTS = {"source": {"uri": "s3://models/own"}}


def document_with(**specs: dict[str, Any]) -> RunDocument | list[Problem]:
    run = a_run(models=[{"name": name} for name in specs])
    endpoints = {}
    for name, spec in specs.items():
        manifest = endpoint_manifest(name)
        manifest["spec"] = spec
        endpoints[name] = ModelEndpoint.model_validate(manifest)
    around = Surroundings(endpoints=endpoints, benchmarks={})
    return resolved(run, Observed(surroundings=around), SETTINGS)


def container(wanted: CreateJob, **specs: dict[str, Any]) -> dict[str, Any]:
    document = document_with(**specs)
    assert isinstance(document, RunDocument), document
    run = a_run(models=[{"name": name} for name in specs])
    spec = job(run, document, wanted, SETTINGS)["spec"]["template"]["spec"]
    return dict(spec["containers"][0])


def secrets_in(held: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        one["name"]: one["valueFrom"]["secretKeyRef"]
        for one in held["env"]
        if "secretKeyRef" in one.get("valueFrom", {}) and "AWS" not in one["name"]
    }


def test_a_served_model_needs_no_gpu() -> None:
    resources = container(CreateJob(Stage.SHARD, 0, "m"), m=OPENAI)["resources"]
    assert "nvidia.com/gpu" not in {*resources.get("limits", {}), *resources.get("requests", {})}


@pytest.mark.parametrize(
    ("wanted", "secrets"),
    [
        pytest.param(CreateJob(Stage.PLAN), set(), id="plan-asks-nobody"),
        pytest.param(
            CreateJob(Stage.SHARD, 0, "m"),
            {"KOMPASS_SECRET__LLM_KEYS__OPENAI_API_KEY"},
            id="its-own-shard",
        ),
        pytest.param(CreateJob(Stage.SHARD, 1, "own"), set(), id="another-models-shard"),
        pytest.param(CreateJob(Stage.SUMMARIZE), set(), id="summary-asks-nobody"),
    ],
)
def test_the_key_reaches_only_the_shards_that_ask(wanted: CreateJob, secrets: set[str]) -> None:
    assert set(secrets_in(container(wanted, m=OPENAI, own=WEIGHTS))) == secrets


def test_the_key_comes_by_reference_so_that_a_missing_secret_is_waited_for() -> None:
    held = secrets_in(container(CreateJob(Stage.SHARD, 0, "m"), m=OPENAI))
    assert held["KOMPASS_SECRET__LLM_KEYS__OPENAI_API_KEY"] == {
        "name": "llm-keys",
        "key": "OPENAI_API_KEY",
    }


def test_spark_signs_with_three_keys_of_one_secret() -> None:
    held = secrets_in(container(CreateJob(Stage.SHARD, 0, "m"), m=SPARK))
    assert {one["key"] for one in held.values()} == {
        "SPARK_APP_ID",
        "SPARK_API_KEY",
        "SPARK_API_SECRET",
    }
    assert {one["name"] for one in held.values()} == {"spark"}


def test_no_source_asks_for_no_volume_and_a_file_is_still_refused() -> None:
    tokenizer = {**OPENAI, "source": {"uri": "file:///models/llama"}}
    problems = document_with(m=tokenizer)
    assert isinstance(problems, list)
    assert "a folder that no pod has" in problems[0].message


def test_a_run_names_its_keys_and_holds_none() -> None:
    document = document_with(m=OPENAI)
    assert isinstance(document, RunDocument)
    assert '"apiKeySecretRef":{"key":"OPENAI_API_KEY","name":"llm-keys"}' in document.encoded()
