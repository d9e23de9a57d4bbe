"""The questions of a subject: rows that can be put to a model with any number of examples.

Reads the data files of one subject; a prompt is rendered, and examples are chosen, only when they
are asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.evalrun import Profile
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.prompts import Retriever
from kompass_worker.datasets import Reading, Row, read_subject
from kompass_worker.datasets.references import check_references
from kompass_worker.fewshot import Corpus, Embedder, Ids, Shots, check_size, example_ids
from kompass_worker.prompts.asking import Asked, request_of
from kompass_worker.prompts.requests import Request
from kompass_worker.prompts.sheets import Sheet
from kompass_worker.prompts.templates import Values
from kompass_worker.prompts.trimming import Marks, marks_of
from kompass_worker.prompts.voices import voice_of


@dataclass(frozen=True)
class Manner:
    """How a run asks: what is the same for all its questions."""

    profile: Profile = Profile.OPENCOMPASS_05
    seed: int = 0
    embedder: Callable[[], Embedder] | None = None
    """Loads the model that retriever TopK looks for neighbours with."""


USUAL: Manner = Manner()
_SEARCHING: Final = frozenset({Retriever.BM25, Retriever.TOP_K})


@dataclass(frozen=True)
class Question:
    """One item: a row, and how it is put to a model."""

    id: str
    """`<benchmark>/<subject>/<row>`."""
    source: Row
    max_new_tokens: int
    sheet: Sheet
    shots: Shots
    known: Ids | None = None
    """Where its examples stand in their pool, where a plan says so; else they are chosen."""

    @property
    def row(self) -> int:
        """Its row, from 0, as items are numbered."""
        return self.source.index

    @property
    def reference(self) -> str:
        """The answer; empty where the data holds none: it can be asked, not scored."""
        return self.source.reference

    @property
    def values(self) -> Values:
        """The row's columns as text."""
        return self.source.values

    @property
    def benchmark(self) -> str:
        """Name of the benchmark in the run."""
        return self.sheet.benchmark

    @property
    def subject(self) -> str:
        """Name of the subject."""
        return self.sheet.subject.name

    @property
    def spec(self) -> BenchmarkSpec:
        """The benchmark."""
        return self.sheet.spec

    @property
    def available(self) -> int:
        """Examples there are."""
        return self.shots.count

    @property
    def examples(self) -> tuple[Row, ...]:
        """The rows of its examples, in their order."""
        return self.shots.at(self.places)

    @property
    def places(self) -> Ids:
        """Where these stand in their pool."""
        return self.shots.places(self.row) if self.known is None else self.known

    def with_known(self, places: Ids) -> Question:
        """The question with its first examples known, so that none need be looked for."""
        is_there = max(places, default=0) < len(self.shots.pool)
        return replace(self, known=places) if is_there else self

    def request(self, examples: int, endpoint: ModelEndpointSpec) -> Request:
        """What this model is asked, with the first so many examples."""
        return request_of(
            Asked(
                item=self.id,
                sheet=self.sheet,
                row=self.source,
                examples=self.examples[:examples] if examples else (),
                max_new_tokens=self.max_new_tokens,
                voice=voice_of(endpoint, self.sheet.quirks),
            )
        )

    def marks(self, endpoint: ModelEndpointSpec) -> Marks | None:
        """Between which marks this model's answer is read, if the profile cuts it."""
        return marks_of(self.spec, endpoint, self.sheet.quirks)


class AskedSubject(NamedTuple):
    """A subject's items, and the rows they were made of."""

    questions: list[Question]
    reading: Reading


def asked_subject(  # noqa: PLR0913  (what is asked, of which rows, and how)
    benchmark: str,
    spec: BenchmarkSpec,
    subject: Subject,
    folder: Path,
    *,
    max_new_tokens: int,
    limit: int | None = None,
    manner: Manner = USUAL,
) -> AskedSubject:
    """The subject's items in the order of its file, the first `limit` of them."""
    sheet = Sheet(benchmark, spec, subject, manner.profile, manner.seed)
    asked = _checked(spec, subject, folder, spec.data.test_split)
    shots = _shots(spec, subject, folder, asked, manner.embedder)
    made = [
        Question(
            id=f"{benchmark}/{subject.name}/{row.index}",
            source=row,
            max_new_tokens=max_new_tokens,
            sheet=sheet,
            shots=shots,
        )
        for row in itertools.islice(asked.rows, limit)
    ]
    return AskedSubject(made, asked)


def _shots(
    spec: BenchmarkSpec,
    subject: Subject,
    folder: Path,
    asked: Reading,
    embedder: Callable[[], Embedder] | None,
) -> Shots:
    examples = spec.examples
    if examples.is_empty:
        return Shots(0, (), list)
    pool = _checked(spec, subject, folder, spec.data.example_split)
    corpus = Corpus(pool.file, [_input(spec, row) for row in pool.rows])
    check_size(examples, corpus)

    def choose() -> list[tuple[int, ...]]:
        found = embedder() if embedder and examples.retriever is Retriever.TOP_K else None
        return example_ids(examples, corpus, [_input(spec, row) for row in asked.rows], found)

    count = examples.count or len(examples.ids)
    return Shots(count, pool.rows, choose, is_search=examples.retriever in _SEARCHING)


def _input(spec: BenchmarkSpec, row: Row) -> str:
    """What a retriever compares: the row's input columns."""
    held = dict(row.values)
    return " ".join(held[column] for column in spec.data.input_columns)


def _checked(spec: BenchmarkSpec, subject: Subject, folder: Path, split: str) -> Reading:
    reading = read_subject(folder, spec, subject, split)
    check_references(spec, reading.rows, reading.file)
    return reading
