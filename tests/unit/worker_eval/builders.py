"""Small benchmarks, data folders and documents for the tests of this folder."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.results import Environment, Manifest, Prediction, Sample, Timings
from kompass_worker.prompts.questions import Question, asked_subject
from kompass_worker.prompts.requests import Prompt

HEADER = ("id", "question", "A", "B", "C", "D", "answer")
TOY = Subject(name="toy", title="玩具")

TOY_ROUNDS = [
    {"role": "HUMAN", "prompt": "{question}答案: "},
    {"role": "BOT", "prompt": "{answer}"},
]


def spec_of(**changes: Any) -> BenchmarkSpec:
    """A benchmark in the C-Eval file shape with two examples, by generation."""
    content: dict[str, Any] = {
        "rowName": "toys-{subject}",
        "data": {"inputColumns": ["question", "A", "B", "C", "D"], "outputColumn": "answer"},
        "prompt": {"rounds": TOY_ROUNDS},
        "examples": {"ids": [0, 1]},
        "method": "Generation",
        "extraction": [{"name": "first_capital"}],
    }
    return BenchmarkSpec.model_validate({**content, **changes})


def ppl_spec_of(**changes: Any) -> BenchmarkSpec:
    """The same by perplexity."""
    prompt = {"rounds": TOY_ROUNDS, "labels": ["A", "B", "C", "D"]}
    return spec_of(**{"prompt": prompt, "method": "Perplexity", "extraction": [], **changes})


def row(question: str, answer: str = "A", **options: str) -> dict[str, str]:
    """A row whose options are their letters, if not told otherwise."""
    letters = {letter: options.get(letter, letter.lower()) for letter in "ABCD"}
    return {"id": "0", "question": question, **letters, "answer": answer}


def write_csv(
    path: Path, rows: Iterable[Mapping[str, str]], header: Sequence[str] = HEADER
) -> None:
    """A data file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def toy_folder(
    folder: Path,
    *,
    dev: Sequence[Mapping[str, str]] = (row("H0", "B"), row("H1", "A")),
    val: Sequence[Mapping[str, str]] = (row("HQ", "C"),),
) -> Path:
    """A data folder with the subject `toy`."""
    write_csv(folder / "dev/toy_dev.csv", dev)
    write_csv(folder / "val/toy_val.csv", val)
    return folder


def toy_questions(spec: BenchmarkSpec, folder: Path, max_new_tokens: int = 16) -> list[Question]:
    """The questions of the subject `toy`."""
    return asked_subject("toys", spec, TOY, folder, max_new_tokens=max_new_tokens).questions


def endpoint_of(**changes: Any) -> ModelEndpointSpec:
    """A base model."""
    return ModelEndpointSpec.model_validate(
        {"source": {"uri": "hf://toys/model"}, "modelType": "Base", **changes}
    )


@dataclass
class CharacterTokenizer:
    """A token a character; remembers how often it was asked."""

    max_sequence_length: int = 10_000
    calls: list[int] = field(default_factory=list)

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Characters of each prompt."""
        self.calls.append(len(prompts))
        return [
            len(prompt) if isinstance(prompt, str) else sum(len(said.content) for said in prompt)
            for prompt in prompts
        ]


def prediction_of(
    item: str, text: str, prompt_hash: str = "sha256:0", **changes: Any
) -> Prediction:
    """A generated answer."""
    return Prediction.model_validate(
        {
            "item": item,
            "prompt_hash": prompt_hash,
            "prediction": text,
            "tokens_in": 10,
            "tokens_out": 1,
            "finish_reason": "stop",
            **changes,
        }
    )


def sample_of(item: str, score: float | None, model: str = "m") -> Sample:
    """A judged answer to the item `benchmark/subject/row`."""
    benchmark, subject, number = item.split("/")
    return Sample(
        model=model,
        item=item,
        benchmark=benchmark,
        subject=subject,
        row=int(number),
        mode="gen",
        prompt_hash="sha256:0",
        prediction="A",
        extracted="A",
        reference="A",
        score=score,
        tokens_in=10,
        tokens_out=1,
        finish_reason="stop",
        examples=5,
        examples_dropped=0,
        truncated=False,
    )


ENVIRONMENT = Environment(
    model_digest="sha256:11",
    tokenizer_digest="sha256:22",
    device="cpu",
    dtype="float32",
    packages={"torch": "2.12.0", "kompass": "0.1.0"},
)


def manifest_of(shard: int, model: str, environment: Environment = ENVIRONMENT) -> Manifest:
    """A finished shard."""
    return Manifest(
        shard=shard,
        model=model,
        plan_digest="sha256:33",
        parts=[],
        items=1,
        duplicates=0,
        environment=environment,
        timings=Timings(fetch_seconds=0, load_seconds=0, evaluate_seconds=0, store_seconds=0),
    )
