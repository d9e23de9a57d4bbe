"""Whole runs of built-in benchmarks over real rows, with a model that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kompass_api.modelendpoint import Device, ModelEndpointSpec, ModelType
from kompass_api.plandocument import Plan
from kompass_api.results import Environment, LabelScore, Prediction, Report
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import S3Connection, Source
from kompass_worker.backends.fake import FakeBackend, FakeTokenizer
from kompass_worker.backends.models import FakeModels
from kompass_worker.credentials import Credentials
from kompass_worker.prompts import Question
from kompass_worker.prompts.requests import (
    ContinuationRequest,
    GenerationRequest,
    Group,
    Request,
    ScoringRequest,
    ungrouped,
)
from kompass_worker.settings import WorkerSettings
from kompass_worker.sources.fetching import Fetcher
from kompass_worker.stages.plan import check_storage, run_plan
from kompass_worker.stages.questions import material_of
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import MemoryStore

Say = Callable[[Question], str | Sequence[str]]
"""What the model writes, or the labels it finds likely."""

LIKELY, UNLIKELY = 0.0, 300.0


@dataclass(frozen=True)
class Told:
    """A backend that says what it is told."""

    answers: Mapping[str, str | Sequence[str]]
    inner: FakeBackend = field(default_factory=FakeBackend)

    @property
    def environment(self) -> Environment:
        """That there is no model."""
        return self.inner.environment

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers, in order."""
        for request in ungrouped(groups):
            told = self.answers[request.item]
            scores = [] if isinstance(told, str) else _scores(request, told)
            best = min(scores, key=lambda score: score.nll).label if scores else ""
            yield Prediction(
                item=request.item,
                prompt_hash="",
                prediction=told if isinstance(told, str) else best,
                scores=scores,
                tokens_in=1,
                tokens_out=1,
                finish_reason="stop" if isinstance(told, str) else "scored",
            )


def _scores(request: Request, likely: Sequence[str]) -> list[LabelScore]:
    assert isinstance(request, ScoringRequest | ContinuationRequest)
    return [
        LabelScore(label=held.label, nll=nll, tokens=1, total=nll, divisor=1)
        for held in request.candidates
        for nll in [LIKELY if held.label in likely else UNLIKELY]
    ]


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    report: Report
    store: MemoryStore

    @property
    def numbers(self) -> dict[str, float | None]:
        """Row and metric -> number."""
        return {f"{held.row_name} {held.metric}": held.value for held in self.report.scores}


def run(
    name: str, data: Path, folder: Path, say: Say, *, subjects: Sequence[str] = (), limit: int = 8
) -> Outcome:
    """A run of a built-in benchmark over the first rows of the data."""
    benchmark = ResolvedBenchmark(
        name=name, subjects=list(subjects), limit=limit, source=Source(uri=data.as_uri())
    )
    models = FakeModels(tokens=FakeTokenizer(1_000_000))
    place = _place(benchmark, folder, models)
    check_storage(place.store, place.document.encoded())
    material = material_of(benchmark, place.fetcher)
    asked = [held for subject in material.chosen for held in material.questions(subject)]
    run_plan(place)
    models.backend = Told({held.id: say(held) for held in asked})
    plan = Plan.model_validate_json(place.store.get("plan.json"))
    for shard in plan.shards:
        run_shard(place, shard.index, lambda _done, _total: None)
    _, report = run_summarize(place)
    assert isinstance(place.store, MemoryStore)
    return Outcome(report, place.store)


def asked_texts(request: Request) -> list[str]:
    """Everything a base model reads."""
    match request:
        case GenerationRequest():
            assert isinstance(request.prompt, str)
            return [request.prompt]
        case ScoringRequest():
            return [held.text for held in request.candidates]
        case ContinuationRequest():
            return [f"{held.context}{held.continuation}" for held in request.candidates]
        case _:
            raise AssertionError(request)


def _place(benchmark: ResolvedBenchmark, folder: Path, models: FakeModels) -> Workplace:
    endpoint = ModelEndpointSpec(
        source=Source(uri="file:///models/none"), device=Device.CPU, model_type=ModelType.BASE
    )
    document = RunDocument(
        run=RunIdentity(namespace="team", name="trial", uid="u1"),
        models=[ResolvedModel(name="told", spec=endpoint)],
        benchmarks=[benchmark],
        storage=ResolvedStorage(uri="s3://bucket/runs/team/trial/u1"),
    )
    fetcher = Fetcher(
        cache=folder / "cache",
        pvc_root=folder / "volumes",
        credentials=Credentials({}),
        storage=S3Connection(),
        patience_seconds=1,
    )
    return Workplace(
        document=document,
        store=MemoryStore(),
        fetcher=fetcher,
        models=models,
        settings=WorkerSettings(part_items=1000, part_seconds=30),
        clock=lambda: 0.0,
    )
