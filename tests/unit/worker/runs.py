"""A small run without a model, a network or a clock that goes by itself."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.evalrun import Sharding
from kompass_api.modelendpoint import Device, ModelEndpointSpec, ModelType
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import S3Connection, Source
from kompass_worker.backends.models import FakeModels, Models
from kompass_worker.credentials import Credentials
from kompass_worker.inference.stopping import StopSignal
from kompass_worker.settings import WorkerSettings
from kompass_worker.sources.fetching import Fetcher
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import MemoryStore

SUBJECTS = ("geography", "arithmetic")
ROWS = 5


@dataclass
class Clock:
    """Stands still until a test moves it."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Bench:
    """Makes workplaces of one run, as pods that come one after the other would have them."""

    folder: Path
    document: RunDocument
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)

    def place(
        self, models: Models | None = None, *, part_items: int = 2, stop: StopSignal | None = None
    ) -> Workplace:
        settings = WorkerSettings(part_items=part_items, part_seconds=30)
        fetcher = Fetcher(
            cache=self.folder / "cache",
            pvc_root=self.folder / "volumes",
            credentials=Credentials({}),
            storage=S3Connection(),
            patience_seconds=1,
        )
        return Workplace(
            document=self.document,
            store=self.store,
            fetcher=fetcher,
            models=models or FakeModels(),
            settings=settings,
            clock=self.clock,
            stop=stop or StopSignal(),
        )


def write_data(folder: Path, *, question: str = "Question") -> None:
    """C-Eval shaped files of two subjects."""
    for subject in SUBJECTS:
        for split, count in (("dev", 5), ("val", ROWS)):
            path = folder / split / f"{subject}_{split}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="", encoding="utf-8") as file:
                rows = csv.writer(file)
                rows.writerow(["id", "question", "A", "B", "C", "D", "answer", "explanation"])
                for i in range(count):
                    text = f"{question} {i} of {subject}"
                    rows.writerow([i, text, "1", "2", "3", "4", "ABCD"[i % 4], "because"])


def bench_of(
    folder: Path,
    *,
    shards: int = 2,
    models: int = 1,
    method: str = "gen",
    spec: BenchmarkSpec | None = None,
) -> Bench:
    """A run over ten questions."""
    data = folder / "data"
    write_data(data)
    (data / "subject_mapping.json").write_text(
        '{"geography": ["Geography", "地理", "Social Science"], '
        '"arithmetic": ["Arithmetic", "算术", "STEM"]}'
    )
    document = RunDocument(
        run=RunIdentity(namespace="team", name="trial", uid="u1"),
        models=[
            ResolvedModel(
                name=f"model-{i}",
                spec=ModelEndpointSpec(
                    source=Source(uri="file:///models/none"),
                    device=Device.CPU,
                    model_type=ModelType.BASE,
                ),
            )
            for i in range(models)
        ],
        benchmarks=[
            ResolvedBenchmark(name=f"ceval-{method}", source=Source(uri=data.as_uri()), spec=spec)
        ],
        sharding=Sharding(shards_per_model=shards),
        storage=ResolvedStorage(uri="s3://bucket/runs/team/trial/u1"),
    )
    return Bench(folder, document)
