"""The embedding model of a benchmark's examples is fetched like its data."""

from __future__ import annotations

from typing import Any

from manifest_cases import RIGHT, changed

from kompass_api.benchmark import Benchmark
from kompass_api.credentials import secrets_of
from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resolution import Problem, Surroundings, resolve
from kompass_api.rundocument import ResolvedStorage, RunDocument
from kompass_operator.manifests.pods import claims_of
from kompass_worker.cli.manifests import Manifests
from kompass_worker.cli.mappings import Mapping, mapped


def benchmark_with(embedding: dict[str, Any]) -> Benchmark:
    examples = {"retriever": "TopK", "count": 2, "embedding": embedding}
    return Benchmark.model_validate(changed(RIGHT["Benchmark"], {"spec/examples": examples}))


def resolved(embedding: dict[str, Any]) -> RunDocument | list[Problem]:
    run = EvalRun.model_validate(
        changed(RIGHT["EvalRun"], {"spec/benchmarks": [{"name": "trivia"}]})
    )
    endpoint = ModelEndpoint.model_validate(RIGHT["ModelEndpoint"])
    around = Surroundings({"llama": endpoint}, {"trivia": benchmark_with(embedding)})
    return resolve(run, around, ResolvedStorage(uri="s3://bucket/run"))


def test_its_source_and_token_are_those_of_the_benchmark() -> None:
    document = resolved({"uri": "hf://owner/embedding", "tokenSecret": "hub"})
    assert isinstance(document, RunDocument)
    assert [held.uri for held in document.benchmarks[0].sources] == [
        "hf://datasets/acme/trivia",
        "hf://owner/embedding",
    ]
    assert secrets_of(document) == [("hub", "HF_TOKEN")]


def test_its_volume_is_the_pods() -> None:
    document = resolved({"uri": "pvc://models/embedding"})
    assert isinstance(document, RunDocument)
    assert claims_of(document) == ["models"]


def test_source_on_the_command_line_moves_it() -> None:
    held = Manifests(
        runs={}, endpoints={}, benchmarks={"t": benchmark_with({"uri": "s3://bucket/m"})}
    )
    moved = mapped(held, [Mapping("s3://bucket", "file:///x")]).benchmarks["t"].spec
    assert moved.examples.embedding is not None
    assert moved.examples.embedding.uri == "file:///x/m"
    assert moved.data == held.benchmarks["t"].spec.data


def test_a_folder_that_no_pod_has_is_refused() -> None:
    found = resolved({"uri": "file:///models/embedding"})
    assert isinstance(found, list)
    (problem,) = found
    assert problem.message.startswith(
        "examples of benchmark 'trivia' reads file:///models/embedding, a folder that no pod has"
    )
