"""The questions of a subject: rows that can be put to a model with any number of examples.

Reads the data files of one subject; a prompt is rendered only when it is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.methods import Method
from kompass_api.modelendpoint import ModelType
from kompass_worker.datasets.references import check_references
from kompass_worker.datasets.rows import Row, file_of, read_rows
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.prompts.dialogues import Dialogue, chat_messages, plain_text
from kompass_worker.prompts.requests import (
    Candidate,
    GenerationRequest,
    Prompt,
    Request,
    ScoringRequest,
)
from kompass_worker.prompts.templates import Template, Turn, Values, filled, template_of


@dataclass(frozen=True)
class Sheet:
    """What the questions of one subject share."""

    benchmark: str
    spec: BenchmarkSpec
    subject: Subject
    example_rows: tuple[Row, ...]

    @cached_property
    def template(self) -> Template:
        """The subject's template."""
        return template_of(self.spec, self.subject.title)

    @cached_property
    def examples(self) -> tuple[tuple[Turn, ...], ...]:
        """The example dialogues, filled from their own rows."""
        return tuple(self._example(row) for row in self.example_rows)

    @cached_property
    def labelled(self) -> dict[str, Template]:
        """A template for each label, in the order in which equals are told apart.

        OpenCompass sorts the keys of its configurations, labels included.
        """
        return {label: self.template.labelled(label) for label in sorted(self.spec.prompt.labels)}

    def _example(self, row: Row) -> tuple[Turn, ...]:
        template = self.template
        if self.spec.method is Method.PERPLEXITY:
            template = self.labelled[row.reference]
        return filled(template.rounds, row.values)


@dataclass(frozen=True)
class Question:
    """One item: a row, and how it is put to a model."""

    id: str
    """`<benchmark>/<subject>/<row>`."""
    row: int
    reference: str
    """Empty where the data holds no answer: it can be asked, not scored."""
    max_new_tokens: int
    sheet: Sheet
    values: Values

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
        return len(self.sheet.example_rows)

    def request(self, examples: int, model_type: ModelType) -> Request:
        """What a model of this type is asked, with the first so many examples."""
        if self.spec.method is Method.GENERATION:
            return GenerationRequest(
                self.id,
                self._prompt(examples, model_type),
                self.max_new_tokens,
                tuple(self.spec.generation.stop),
            )
        if model_type is ModelType.CHAT:
            raise InvalidRequest(
                f"benchmark {self.benchmark!r} compares perplexities of plain text, which a chat "
                "template has no place for: name a model endpoint with modelType Base",
                item=self.id,
            )
        return ScoringRequest(self.id, self._candidates(examples))

    def _prompt(self, examples: int, model_type: ModelType) -> Prompt:
        output = self.spec.data.output_column
        unanswered = [(column, "" if column == output else text) for column, text in self.values]
        dialogue = self._dialogue(self.sheet.template, examples, unanswered)
        return chat_messages(dialogue) if model_type is ModelType.CHAT else plain_text(dialogue)

    def _candidates(self, examples: int) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(label, plain_text(self._dialogue(template, examples, self.values)))
            for label, template in self.sheet.labelled.items()
        )

    def _dialogue(self, template: Template, examples: int, values: Values) -> Dialogue:
        # OpenCompass fills the whole prompt from the question's row, the finished examples too:
        # a `\frac{A}{B}` in an example becomes this question's options. A test holds us to it.
        return Dialogue(
            begin=filled(template.begin, values),
            examples=tuple(filled(turns, values) for turns in self.sheet.examples[:examples]),
            rounds=filled(template.rounds, values),
            shots=template.shots,
            label_map=self.spec.method is Method.PERPLEXITY,
        )


def questions(
    benchmark: str,
    spec: BenchmarkSpec,
    subject: Subject,
    folder: Path,
    *,
    max_new_tokens: int,
    limit: int | None = None,
) -> list[Question]:
    """The subject's items in the order of its file, the first `limit` of them."""
    sheet = Sheet(benchmark, spec, subject, _example_rows(spec, subject, folder))
    rows = itertools.islice(_checked(spec, subject, folder, spec.data.test_split), limit)
    return [
        Question(
            id=f"{benchmark}/{subject.name}/{row.index}",
            row=row.index,
            reference=row.reference,
            max_new_tokens=max_new_tokens,
            sheet=sheet,
            values=row.values,
        )
        for row in rows
    ]


def _example_rows(spec: BenchmarkSpec, subject: Subject, folder: Path) -> tuple[Row, ...]:
    if not spec.examples.ids:
        return ()
    split = spec.data.example_split
    rows = _checked(spec, subject, folder, split)
    beyond = [row for row in spec.examples.ids if row >= len(rows)]
    if beyond:
        raise InvalidData(
            f"{file_of(spec.data, subject.name, split)} has {len(rows)} rows, but examples.ids "
            f"asks for row {beyond[0]} (counted from 0): add rows, or name others"
        )
    return tuple(rows[index] for index in spec.examples.ids)


def _checked(spec: BenchmarkSpec, subject: Subject, folder: Path, split: str) -> Sequence[Row]:
    rows = read_rows(folder, spec.data, subject.name, split)
    check_references(spec, rows, file_of(spec.data, subject.name, split))
    return rows
