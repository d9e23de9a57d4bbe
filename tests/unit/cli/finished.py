"""Small finished runs in folders, made without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from unit.worker.runs import Bench, bench_of, write_data

from kompass_worker.backends.fake import FakeBackend
from kompass_worker.backends.models import FakeModels
from kompass_worker.inference.layout import RUN_KEY
from kompass_worker.stages.plan import run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import FolderStore

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
