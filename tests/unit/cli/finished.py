"""Small finished runs in folders, made without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from unit.worker.runs import Bench, bench_of, write_data
from unit.worker_eval.builders import sample_of, spec_of
from unit.worker_eval.test_report import REPORT

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.evalrun import Sharding
from kompass_api.methods import Method
from kompass_api.modelendpoint import Device, ModelEndpointSpec, ModelType
from kompass_api.plandocument import Plan, PlannedShard, PlannedSubject
from kompass_api.results import Completeness, DataLineage, Sample, Score
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import Source
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.backends.models import FakeModels
from kompass_worker.inference.layout import PLAN_KEY, RUN_KEY, SAMPLES_KEY
from kompass_worker.inference.parts import compressed
from kompass_worker.report import sample_lines
from kompass_worker.runs import StoredRun
from kompass_worker.stages.plan import run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import FolderStore, MemoryStore

ITEMS = 10
"""Five questions of geography and of arithmetic each; the references are A B C D A."""


def place_of(bench: Bench, folder: Path, answers: Mapping[str, str] | None = None) -> Workplace:
    """A workplace whose run lies in a folder and whose model says what it is told."""
    models = FakeModels(backend=FakeBackend(answers or {}))
    return replace(bench.place(models), store=FolderStore(folder))


def finished(
    data: Path, folder: Path, answers: Mapping[str, str] | None = None, **shape: object
) -> Path:
    """The folder of a run over `data` that is carried out to its report."""
    question = shape.pop("question", None)
    bench = bench_of(data, **shape)  # type: ignore[arg-type]
    if question is not None:
        write_data(data / "data", question=str(question))
    place = place_of(bench, folder, answers)
    place.store.put_new(RUN_KEY, bench.document.encoded().encode())
    outcome = run_plan(place)
    for index in range(sum(model.shards for model in outcome.models)):
        run_shard(place, index, lambda *_: None)
    run_summarize(place)
    return folder


def measured(
    metric: str,
    *values: float,
    arguments: Mapping[str, str] | None = None,
    scores: Sequence[Score] = (),
    rows: Sequence[Sample] = (),
) -> StoredRun:
    """A finished run of one subject whose items have these numbers by this metric."""
    samples = list(rows) or [
        sample_of(f"b/s/{row}", value, "smol") for row, value in enumerate(values)
    ]
    data = DataLineage(
        benchmark="b", subject="s", oc_version="-", content_hash="sha256:c", data_digest="sha256:d"
    )
    proof = Completeness(planned=len(samples), answered=len(samples), duplicates=0)
    report = REPORT.model_copy(
        update={"scores": list(scores), "data": [data], "completeness": proof}
    )
    store = MemoryStore()
    store.put(SAMPLES_KEY, compressed(sample_lines(samples)))
    store.put(PLAN_KEY, _plan(metric).model_dump_json(by_alias=True).encode())
    spec = spec_of(metric={"name": metric, "arguments": dict(arguments or {})})
    store.put(RUN_KEY, _document(spec).encoded().encode())
    return StoredRun("measured", report, store)


def _plan(metric: str) -> Plan:
    subject = PlannedSubject(
        benchmark="b",
        subject="s",
        row_name="s",
        method=Method.PERPLEXITY_ONLY,
        metric=metric,
        oc_version="-",
        content_hash="sha256:c",
        data_digest="sha256:d",
        items=1,
    )
    shard = PlannedShard(index=0, model="smol", tokens=0, items=[])
    return Plan(run_digest="sha256:r", subjects=[subject], groups=[], shards=[shard])


def _document(spec: BenchmarkSpec) -> RunDocument:
    source = Source(uri="file:///models/none")
    endpoint = ModelEndpointSpec(source=source, device=Device.CPU, model_type=ModelType.BASE)
    return RunDocument(
        run=RunIdentity(namespace="team", name="trial", uid="u1"),
        models=[ResolvedModel(name="smol", spec=endpoint)],
        benchmarks=[ResolvedBenchmark(name="b", spec=spec)],
        sharding=Sharding(),
        storage=ResolvedStorage(uri="s3://bucket/runs"),
    )


def item(subject: str, row: int, benchmark: str = "ceval-gen") -> str:
    """Id of an item."""
    return f"{benchmark}/{subject}/{row}"


def letters(**wrong: str) -> dict[str, str]:
    """Right answers to everything, but for `subject_row="text"`."""
    right = {
        item(subject, row): "ABCDA"[row]
        for subject in ("geography", "arithmetic")
        for row in range(5)
    }
    return right | {item(*_split(key)): text for key, text in wrong.items()}


def _split(key: str) -> tuple[str, int]:
    subject, _, row = key.rpartition("_")
    return subject, int(row)
