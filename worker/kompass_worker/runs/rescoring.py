"""A run scored again from its stored answers, by other rules or by those of today; without a model.

The new report lies beside the old one, in `rescored/<digest>/` of the run's folder, and nothing
that is there is changed: `View` lets the summarize stage see the old answers under the new rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.plandocument import Plan, PlannedSubject
from kompass_api.resolution import nearest
from kompass_api.resources import ApiModel
from kompass_api.results import Manifest, Report
from kompass_api.rundocument import ResolvedBenchmark, RunDocument, canonical_json, digest_of
from kompass_api.scoring import ExtractionStep, Metric
from kompass_worker.benchmarks import builtin
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.inference.layout import PLAN_KEY, REPORT_FOLDER, RUN_KEY, manifest_key
from kompass_worker.stages.questions import material_of
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import AlreadyExists, Entry, ObjectStore

FOLDER: Final = "rescored"
_DIGITS: Final = 12


@dataclass(frozen=True)
class Rules:
    """Other rules for some benchmarks; what is None stays as it is."""

    benchmarks: tuple[str, ...] = ()
    """Empty: the only one there is."""
    extraction: tuple[ExtractionStep, ...] | None = None
    metric: Metric | None = None

    @property
    def are_new(self) -> bool:
        """Whether anything is another rule than the run's own."""
        return self.extraction is not None or self.metric is not None


@dataclass(frozen=True)
class Rescored:
    """The new report and where it lies."""

    report: Report
    folder: str
    """Below the run's own."""


def rescore(place: Workplace, rules: Rules) -> Rescored:
    """Score the run of a workplace again, and write the report beside the old one."""
    before = Plan.model_validate_json(place.store.get(PLAN_KEY))
    document = ruled(place.document, rules)
    place = replace(place, document=document)
    plan = _planned(place, before)
    content = _encoded(plan)
    folder = f"{FOLDER}/{digest_of(content).removeprefix('sha256:')[:_DIGITS]}"
    view = View(
        place.store,
        folder,
        {RUN_KEY: document.encoded().encode(), PLAN_KEY: content}
        | _manifests(place.store, before, digest_of(content)),
    )
    for key in (RUN_KEY, PLAN_KEY):
        view.put(key, view.get(key))
    _, report = run_summarize(replace(place, store=view))
    return Rescored(report, folder)


def ruled(document: RunDocument, rules: Rules) -> RunDocument:
    """The run document with the other rules in the benchmarks they are for."""
    names = [benchmark.name for benchmark in document.benchmarks]
    for name in rules.benchmarks:
        if name not in names:
            raise InvalidRequest(f"the run has no benchmark {name!r}{nearest(name, names)}")
    if not rules.are_new:
        return document
    if not rules.benchmarks and len(names) > 1:
        raise InvalidRequest(
            f"the run has the benchmarks {', '.join(names)}: say with --benchmark which of them "
            "the new rules are for"
        )
    wanted = rules.benchmarks or tuple(names)
    benchmarks = [
        _ruled(benchmark, rules) if benchmark.name in wanted else benchmark
        for benchmark in document.benchmarks
    ]
    return document.model_copy(update={"benchmarks": benchmarks})


@dataclass(frozen=True)
class View:
    """A run's objects with some of them replaced; what is written goes to a folder of its own."""

    base: ObjectStore
    folder: str
    instead: Mapping[str, bytes]

    @property
    def uri(self) -> str:
        """Where the new objects are."""
        return f"{self.base.uri}/{self.folder}"

    def put(self, key: str, content: bytes) -> None:
        """Store the object in the folder; the same again is no change, another is refused."""
        self.put_new(key, content)

    def put_new(self, key: str, content: bytes) -> None:
        """Store the object in the folder, unless another one is there."""
        place = f"{self.folder}/{key}"
        try:
            self.base.put_new(place, content)
        except AlreadyExists:
            if self.base.get(place) != content:
                raise AlreadyExists(
                    f"{self.base.uri}/{place} is there already and differs: this run was scored "
                    "by the same rules of another version of Kompass; move that folder away"
                ) from None

    def get(self, key: str) -> bytes:
        """The object that takes its place, else the run's own."""
        held = self.instead.get(key)
        return self.base.get(key) if held is None else held

    def get_range(self, key: str, start: int, length: int, *, version: str = "") -> bytes:
        """A piece of an object."""
        held = self.instead.get(key)
        if held is None:
            return self.base.get_range(key, start, length, version=version)
        return held[start : start + length]

    def entries(self, prefix: str = "") -> list[Entry]:
        """The run's own objects; what was written is not among them."""
        return [
            entry
            for entry in self.base.entries(prefix)
            if not entry.key.startswith((f"{FOLDER}/", f"{REPORT_FOLDER}/"))
        ]


def _ruled(benchmark: ResolvedBenchmark, rules: Rules) -> ResolvedBenchmark:
    spec = benchmark.spec or builtin(benchmark.name)
    content = _dumped(spec)
    subjects = [_dumped(subject) for subject in named(spec).subjects]
    # A subject's own rules would hide the new ones; those of another built-in are written out.
    own = [subject["scoring"] for subject in subjects if "scoring" in subject]
    if own:
        content["subjects"] = subjects
    for place in (content, *own):
        if rules.extraction is not None:
            place["extraction"] = [_dumped(step) for step in rules.extraction]
        if rules.metric is not None:
            place["metric"] = _dumped(rules.metric)
    try:
        changed = BenchmarkSpec.model_validate(content)
    except ValidationError as error:
        raise InvalidRequest(
            f"benchmark {benchmark.name!r} with these rules: {error.errors()[0]['msg']}"
        ) from error
    return benchmark.model_copy(update={"spec": changed})


def _dumped(model: ApiModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _planned(place: Workplace, before: Plan) -> Plan:
    """The plan as it was, with rows that say what the numbers depend on now."""
    held = {(row.benchmark, row.subject): row for row in before.subjects}
    rows: list[PlannedSubject] = []
    for benchmark in place.document.benchmarks:
        material = material_of(benchmark, place.fetcher, place.manner)
        for subject in material.chosen:
            old = held.get((benchmark.name, subject.name))
            if old is None:
                raise _changed(place, benchmark.name, subject.name)
            row = material.planned_subject(subject, material.asked_of(subject))
            if row.data_digest != old.data_digest:
                raise _changed(place, benchmark.name, subject.name)
            rows.append(row)
    return before.model_copy(update={"run_digest": place.document.digest, "subjects": rows})


def _changed(place: Workplace, benchmark: str, subject: str) -> InvalidData:
    return InvalidData(
        f"the data of {benchmark}/{subject} is not what it was when {place.store.uri} was planned: "
        "restore it, or name the folder that has it with --source"
    )


def _manifests(store: ObjectStore, plan: Plan, digest: str) -> dict[str, bytes]:
    """The shards' manifests, vouching for the new plan: it asks the same of the same models."""
    found: dict[str, bytes] = {}
    before = digest_of(store.get(PLAN_KEY))
    for key in (key for shard in plan.shards for key in _marks(store, shard.index)):
        manifest = Manifest.model_validate_json(store.get(key))
        if manifest.plan_digest != before:
            raise InvalidData(f"{store.uri}/{key} is of another plan than {store.uri}/{PLAN_KEY}")
        found[key] = _encoded(manifest.model_copy(update={"plan_digest": digest}))
    return found


def _marks(store: ObjectStore, shard: int) -> list[str]:
    """The shard's manifest, and those of gaps that it filled."""
    first = manifest_key(shard)
    return [entry.key for entry in store.entries(first.removesuffix(".json"))] or [first]


def _encoded(document: Plan | Manifest) -> bytes:
    return canonical_json(document.model_dump(mode="json", by_alias=True)).encode()
