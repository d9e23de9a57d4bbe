"""The run's benchmarks, with their data at hand: what a plan asks and a shard asks again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.plandocument import PlannedGroup, PlannedSubject
from kompass_api.rundocument import ResolvedBenchmark
from kompass_worker.benchmarks.catalogue import (
    Catalogue,
    builtin,
    catalogue,
    select,
    text_files,
    with_texts,
)
from kompass_worker.datasets.digests import data_digest
from kompass_worker.datasets.files import file_of
from kompass_worker.errors import InvalidRequest
from kompass_worker.fewshot import Embedder
from kompass_worker.planning.groups import planned_groups
from kompass_worker.planning.rows import RowCounts, planned_subject
from kompass_worker.prompts import Manner, Question
from kompass_worker.prompts.questions import USUAL, AskedSubject, asked_subject
from kompass_worker.sources.fetching import Fetcher


@dataclass(frozen=True)
class Material:
    """A benchmark of the run with its data in a folder."""

    asked: ResolvedBenchmark
    spec: BenchmarkSpec
    folder: Path
    known: Catalogue
    chosen: tuple[Subject, ...]
    manner: Manner = USUAL

    def asked_of(self, subject: Subject) -> AskedSubject:
        """The subject's questions; a limit on new tokens that is the model's to say is 0 yet."""
        return asked_subject(
            self.asked.name,
            self.spec,
            subject,
            self.folder,
            max_new_tokens=self.max_new_tokens or 0,
            limit=self.asked.limit,
            manner=self.manner,
        )

    @property
    def max_new_tokens(self) -> int | None:
        """The run's word on new tokens, else the benchmark's."""
        return self.asked.max_new_tokens or self.spec.generation.max_new_tokens

    def questions(self, subject: Subject) -> list[Question]:
        """The subject's questions alone."""
        return self.asked_of(subject).questions

    def planned_subject(self, subject: Subject, asked: AskedSubject) -> PlannedSubject:
        """The subject's row of the table."""
        data = self.spec.data
        splits = [data.test_split, *([] if self.spec.examples.is_empty else [data.example_split])]
        files = [file_of(data, subject.name, split, subject.title) for split in splits]
        digest = data_digest(self.folder, [*files, *text_files(self.spec, subject)])
        return planned_subject(
            self.asked,
            self.spec,
            subject,
            self.manner,
            data_digest=digest,
            counted=RowCounts(
                len(asked.questions), asked.reading.left_out, asked.reading.corrected
            ),
        )

    def planned_groups(self) -> list[PlannedGroup]:
        """The groups whose subjects are all asked."""
        return planned_groups(self.asked.name, self.spec, self.known, self.chosen)


def material_of(asked: ResolvedBenchmark, fetcher: Fetcher, manner: Manner = USUAL) -> Material:
    """The benchmark with its data fetched and its subjects chosen."""
    spec = asked.spec or builtin(asked.name)
    source = asked.source or spec.data.source
    if source is None:
        raise InvalidRequest(
            f"benchmark {asked.name!r} has no data: set source in the run, or spec.data.source in "
            "the Benchmark"
        )
    folder = fetcher.data(source)
    known = catalogue(spec, folder)
    chosen = tuple(with_texts(spec, held, folder) for held in select(known, asked.subjects))
    return Material(asked, spec, folder, known, chosen, _with_embedder(manner, spec, fetcher))


def _with_embedder(manner: Manner, spec: BenchmarkSpec, fetcher: Fetcher) -> Manner:
    """The manner, with the means to find neighbours where the benchmark's examples are such."""
    source = spec.examples.embedding
    if source is None:
        return manner

    def embedder() -> Embedder:
        from kompass_worker.fewshot.embedding import load_embedding

        return load_embedding(fetcher.model(source))

    return replace(manner, embedder=embedder)


def for_model(asked: list[Question], endpoint: ModelEndpointSpec) -> Iterator[Question]:
    """The questions with the model's own limit on new tokens where nobody else set one."""
    for question in asked:
        limit = question.max_new_tokens or endpoint.max_new_tokens
        yield replace(question, max_new_tokens=limit)
