"""What the peers did with the project's own rows, recorded by `make parity`, without the peers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.results import LabelScore, Prediction
from kompass_worker.benchmarks.catalogue import builtin, catalogue, named, select
from kompass_worker.benchmarks.versions import oc_version
from kompass_worker.prompts.questions import Question, asked_subject
from kompass_worker.prompts.requests import GenerationRequest, ScoringRequest
from kompass_worker.scoring.verdicts import answered_of, score_prediction
from parity.records import Item
from parity.vectors import digest

VECTORS = Path(__file__).parent / "vectors"
OWN = json.loads((VECTORS / "own.json").read_text(encoding="utf-8"))
EXTRACTIONS = json.loads((VECTORS / "extractions.json").read_text(encoding="utf-8"))
BASE = ModelEndpointSpec.model_validate(
    {"modelType": "Base", "device": "CPU", "source": {"uri": "file:///models/any"}}
)
ITEMS = [Item.model_validate(held) for held in OWN["models"]["tiny-mc"]["items"]]
VERSIONS = [
    (held["suite"].partition("/")[0], held["row"], held["version"])
    for held in OWN["models"]["tiny-mc"]["rows"]
    if "version" in held
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows that the recorded items were made of."""
    made: Path = tmp_path_factory.mktemp("tiny_mc")
    for name, text in OWN["files"].items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made


def place_of(item: Item) -> tuple[str, str, int]:
    subject, _, row = item.item.rpartition("/")
    return item.suite.partition("/")[0], subject, int(row)


def question_of(item: Item, folder: Path) -> tuple[BenchmarkSpec, Subject, Question]:
    benchmark, name, row = place_of(item)
    spec = builtin(benchmark)
    (subject,) = select(catalogue(spec, folder), [name])
    return (
        spec,
        subject,
        asked_subject(benchmark, spec, subject, folder, max_new_tokens=16).questions[row],
    )


def name_of(item: Item) -> str:
    return f"{item.suite.partition('/')[0]}/{item.item}"


@pytest.mark.parametrize("item", ITEMS, ids=name_of)
def test_prompts_are_opencompass_s(item: Item, folder: Path) -> None:
    _, _, question = question_of(item, folder)
    match question.request(question.available, BASE):
        case GenerationRequest() as request:
            prompts: dict[str, Any] = {"": request.prompt}
        case ScoringRequest() as request:
            prompts = {held.label: held.text for held in request.candidates}
    assert prompts == item.prompts


@pytest.mark.parametrize("item", ITEMS, ids=name_of)
def test_answers_are_read_and_scored_as_opencompass_does(item: Item, folder: Path) -> None:
    spec, subject, question = question_of(item, folder)
    prediction = Prediction(
        item=question.id,
        prompt_hash="",
        prediction=item.choice if item.generation is None else item.generation,
        scores=[LabelScore(label=name, nll=nll, tokens=1) for name, nll in item.values.items()],
        tokens_in=1,
        tokens_out=1,
        finish_reason="stop",
    )
    verdict = score_prediction(spec, subject, prediction, question.reference)
    assert verdict.score == item.score
    assert item.generation is None or verdict.extracted == item.extracted


@pytest.mark.parametrize(("benchmark", "row", "version"), VERSIONS)
def test_versions_are_opencompass_s(benchmark: str, row: str, version: str, folder: Path) -> None:
    spec = builtin(benchmark)
    (subject,) = select(catalogue(spec, folder), [row.removeprefix("ceval-")])
    assert oc_version(spec, subject) == version


@pytest.mark.parametrize(
    "held", EXTRACTIONS, ids=lambda held: f"{held['benchmark']}-{digest([held['generation']])[:6]}"
)
def test_answers_are_read_out_of_what_a_model_wrote(held: dict[str, str]) -> None:
    spec = builtin(held["benchmark"])
    known = {subject.name: subject for subject in named(spec).subjects}
    subject = known.get(held["subject"], Subject(name=held["subject"]))
    prediction = Prediction(
        item="any/thing/0",
        prompt_hash="",
        prediction=held["generation"],
        tokens_in=1,
        tokens_out=1,
        finish_reason="length",
    )
    answered = answered_of(extraction_of(spec, subject), prediction, "A")
    assert answered.extracted == (held["extracted"],)
