"""A run as it lies in its folder or bucket: the report, and the samples under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from kompass_api.plandocument import Plan
from kompass_api.results import Report, Sample
from kompass_api.rundocument import ResolvedStorage, RunDocument
from kompass_api.sources import S3Connection
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InputMissing, InvalidData
from kompass_worker.inference.layout import PLAN_KEY, REPORT_KEY, RUN_KEY, SAMPLES_KEY
from kompass_worker.inference.parts import decompressed
from kompass_worker.locations import folder_of
from kompass_worker.runs.natures import UNKNOWN, Nature, SubjectKey, natures_of
from kompass_worker.store import FolderStore, ObjectMissing, ObjectStore, open_store

_Model = TypeVar("_Model", Report, Sample, Plan, RunDocument)
_PATIENCE_SECONDS: Final = 30.0
_BELOW: Final = ("*", "*/*/*", "rescored/*")
"""Where runs lie below a folder: of `kompass run`, of a bucket's copy, scored again."""


@dataclass(frozen=True)
class StoredRun:
    """A finished run."""

    location: str
    report: Report
    store: ObjectStore

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """Every answer with its verdict, in the plan's order."""
        place = f"{self.store.uri}/{SAMPLES_KEY}"
        found = tuple(_samples(self.store.get(SAMPLES_KEY), place))
        answered = self.report.completeness.answered
        if len(found) != answered:
            raise InvalidData(
                f"{place} has {len(found)} items; {REPORT_KEY} says that {answered} were answered: "
                "copy both again from the run's folder"
            )
        return found

    def nature(self, benchmark: str, subject: str) -> Nature:
        """What a subject's numbers are."""
        return self._natures.get(SubjectKey(benchmark, subject), UNKNOWN)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.report.run

    @property
    def models(self) -> list[str]:
        """Its models, in the run's order."""
        return [lineage.model for lineage in self.report.models]

    @cached_property
    def _natures(self) -> Mapping[SubjectKey, Nature]:
        try:
            plan, document = self.store.get(PLAN_KEY), self.store.get(RUN_KEY)
        except ObjectMissing:
            # A copy of the report alone: nothing says what was counted.
            return {}
        return natures_of(
            _parsed(Plan, plan, f"{self.store.uri}/{PLAN_KEY}"),
            _parsed(RunDocument, document, f"{self.store.uri}/{RUN_KEY}"),
        )


def open_run(location: str | Path, s3: S3Connection | None = None) -> StoredRun:
    """The run in a folder or at s3://bucket/prefix; its report's folder or file will do as well."""
    return run_in(store_at(location, s3), str(location))


def run_in(store: ObjectStore, location: str) -> StoredRun:
    """The run of a folder; the location is for messages."""
    try:
        content = store.get(REPORT_KEY)
    except ObjectMissing:
        raise _no_report(store, location) from None
    report = _parsed(Report, content, f"{store.uri}/{REPORT_KEY}")
    return StoredRun(location, report, store)


def store_at(location: str | Path, s3: S3Connection | None = None) -> ObjectStore:
    """The objects of the run that a location names."""
    text = str(location).rstrip("/").removesuffix(f"/{REPORT_KEY}").removesuffix("/report")
    if "://" in text:
        storage = ResolvedStorage(uri=text, s3=s3 or S3Connection())
        return open_store(storage, Credentials({}), patience_seconds=_PATIENCE_SECONDS)
    return FolderStore(Path(text or "/").expanduser().absolute())


def _samples(content: bytes, place: str) -> Iterator[Sample]:
    for number, line in enumerate(decompressed(content, place).splitlines(), start=1):
        yield _parsed(Sample, line, f"{place} line {number}")


def _parsed(model: type[_Model], content: bytes, place: str) -> _Model:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidData(
            f"{place} is not of this version of Kompass: {field}: {first['msg']}; read it with "
            "the version that wrote it"
        ) from error


def _no_report(store: ObjectStore, location: str) -> InputMissing:
    if any(entry.key == PLAN_KEY for entry in store.entries(PLAN_KEY)):
        return InputMissing(
            f"{location} has a plan but no report: the run is not finished; go on with it by "
            "`kompass run --resume`, or wait for its EvalRun"
        )
    near = sorted(_runs_below(store))
    hint = f"; there are runs in {', '.join(near[:8])}" if near else ""
    return InputMissing(
        f"{location} holds no run (no {REPORT_KEY}){hint}: name the folder or s3://bucket/prefix "
        "that `kompass run` printed or an EvalRun's status.results.uri says"
    )


def _runs_below(store: ObjectStore) -> Iterator[str]:
    if isinstance(store, FolderStore):
        folder = folder_of(store.uri)
        for depth in _BELOW:
            for found in folder.glob(f"{depth}/{REPORT_KEY}"):
                yield str(found.parent.parent.relative_to(folder))
