"""`kompass list` finds models and benchmarks by parts of their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker.runs import write_data

from kompass_api.built_in import BUILT_IN
from kompass_worker.cli.listing import What, found_in, listings, matches
from kompass_worker.cli.mappings import parse_mapping

MANIFESTS = """
apiVersion: kompass.dev/v1alpha1
kind: ModelEndpoint
metadata: {name: qwen-small}
spec: {device: CPU, source: {uri: "hf://Qwen/Qwen2.5-0.5B"}}
---
apiVersion: kompass.dev/v1alpha1
kind: Benchmark
metadata: {name: ceval-gen}
spec:
  data:
    source: {uri: "s3://data/set"}
    inputColumns: [question]
    outputColumn: answer
  subjects: [{name: geography}, {name: arithmetic}]
  prompt: {rounds: [{role: HUMAN, prompt: "{question}"}]}
  method: Generation
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-ours}
"""


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ([], "anything", True),
        (["CEVAL"], "ceval-gen", True),
        (["mmlu", "ceval"], "ceval-gen", True),
        (["ceval_gen"], "ceval-gen", True),
        (["c*gen"], "ceval-gen", True),
        (["mmlu"], "ceval-gen", False),
    ],
)
def test_words(words: list[str], text: str, expected: bool) -> None:
    assert matches(words, text) is expected


def rows(folder: Path, what: What, *words: str, sources: tuple[str, ...] = ()) -> list[list[str]]:
    (folder / "all.yaml").write_text(MANIFESTS, encoding="utf-8")
    found = found_in([folder])
    assert found.problems == ()
    held = listings(found, what, words, [parse_mapping(text) for text in sources])[what.value]
    return [[str(value) for value in row] for row in held.rows]


def test_models_are_those_of_the_manifests(tmp_path: Path) -> None:
    place = f"{tmp_path / 'all.yaml'}:2"
    source = "hf://Qwen/Qwen2.5-0.5B"
    assert rows(tmp_path, What.MODELS, "qwen2.5") == [
        ["qwen-small", place, "Chat", "HuggingFace", "CPU", source]
    ]
    assert rows(tmp_path, What.MODELS, "llama") == []


def test_an_object_takes_the_place_of_a_built_in_benchmark(tmp_path: Path) -> None:
    held = {row[0]: row for row in rows(tmp_path, What.BENCHMARKS, "ceval")}
    assert held["ceval-gen"][1] == f"{tmp_path / 'all.yaml'}:7"
    assert held["ceval-ppl"][1:8] == [
        *("built in", "Examination", "52", "None", "Perplexity", "5", "578f8d")
    ]


def test_items_are_counted_where_the_data_is(tmp_path: Path) -> None:
    write_data(tmp_path / "set")
    sources = (f"s3://data={tmp_path}",)
    held = rows(tmp_path, What.BENCHMARKS, "ceval-gen", sources=sources)
    assert [row[3:5] for row in held if row[0] == "ceval-gen"] == [["2", "10"]]


def test_items_are_unknown_where_a_file_is_missing(tmp_path: Path) -> None:
    write_data(tmp_path / "set")
    (tmp_path / "set/val/arithmetic_val.csv").unlink()
    held = rows(tmp_path, What.BENCHMARKS, "ceval-gen", sources=(f"s3://data={tmp_path}",))
    assert [row[3:5] for row in held if row[0] == "ceval-gen"] == [["2", "None"]]


def test_every_built_in_benchmark_is_listed(tmp_path: Path) -> None:
    held = listings(found_in([]), What.BENCHMARKS, [], [])["benchmarks"]
    assert {row[0] for row in held.rows} == set(BUILT_IN)


def test_broken_manifests_are_told_and_the_others_listed(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(MANIFESTS.replace("device: CPU", "device: TPU"))
    found = found_in([tmp_path])
    assert len(found.problems) == 1
    assert len(found.benchmarks) == 1
