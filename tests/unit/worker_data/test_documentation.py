"""The page on own data says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kompass_api.benchmark import Benchmark
from kompass_api.data import Data
from kompass_api.methods import Method
from kompass_worker.datasets.expressions import FUNCTIONS, Expression
from kompass_worker.datasets.own_data import read_own_data


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs/own-data.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_its_file_and_meta_file_are_a_benchmark(page: str, tmp_path: Path) -> None:
    (csv,), (meta,) = blocks(page, "csv"), blocks(page, "json")
    (tmp_path / "quiz.csv").write_text(csv, "utf-8")
    (tmp_path / "quiz.csv.meta.json").write_text(meta, "utf-8")
    made, reading = read_own_data(tmp_path / "quiz.csv")
    assert (made.name, made.spec.method) == ("my-quiz", Method.PERPLEXITY)
    assert (len(reading.rows), reading.corrected) == (8, 1)


def test_its_benchmark_and_fields_are_valid(page: str) -> None:
    benchmark, fields = (yaml.safe_load(text) for text in blocks(page, "yaml"))
    assert Benchmark.model_validate(benchmark).spec.subjects == []
    data = Data.model_validate(
        {**fields, "format": "JSONL", "inputColumns": ["question"], "outputColumn": "answer"}
    )
    for text in (*(column.expression for column in data.columns), data.where):
        assert Expression.of(text, "page").text == text


def test_it_names_every_function(page: str) -> None:
    assert set(re.findall(r"^\| `(\w+)\(", page, re.MULTILINE)) == FUNCTIONS
