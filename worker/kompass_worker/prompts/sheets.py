"""What the questions of one subject share, and a question's forms filled from its row.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.evalrun import Profile
from kompass_worker.datasets.rows import Row
from kompass_worker.prompts.listed import choice_of
from kompass_worker.prompts.profiles import Quirks, quirks_of
from kompass_worker.prompts.scripts import Place, Scripted, scripted
from kompass_worker.prompts.templates import (
    Dialogue,
    Form,
    Forms,
    Text,
    Values,
    fill,
    fill_once,
    mapped,
)


@dataclass(frozen=True)
class Sheet:
    """A subject of a benchmark, as a run asks it."""

    benchmark: str
    spec: BenchmarkSpec
    subject: Subject
    profile: Profile = Profile.OPENCOMPASS_05
    seed: int = 0
    _examples: dict[int, Form] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def forms(self) -> Forms:
        """The subject's forms."""
        return Forms(self.spec, self.subject)

    @cached_property
    def quirks(self) -> Quirks:
        """The profile's quirks."""
        return quirks_of(self.profile)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that are the same for all rows, in the order in which equals are told apart.

        OpenCompass sorts the keys of its configurations, labels included.
        """
        names = self.spec.prompt.label_names
        return tuple(sorted(names) if self.quirks.sorts_labels else names)

    @cached_property
    def question_forms(self) -> dict[str | None, Form]:
        """The form of a question for each label, and for none where there are no templates."""
        forms: dict[str | None, Form] = {label: self.forms.question(label) for label in self.labels}
        return forms if self.spec.prompt.label_templates else {None: self.forms.question(), **forms}

    def filled(self, form: Form, values: Values) -> Form:
        """The form with a row's values in place."""
        put = self._put
        return mapped(form, lambda text: put(text, values))

    def script(self, question: Form, values: Values, examples: Sequence[Row]) -> Scripted:
        """A question's form, filled, behind the examples of these rows."""
        shots = [self._example(row) for row in examples]
        if self.quirks.fills_in_turn:
            # OpenCompass fills the whole prompt from the question's row, the finished examples
            # too: a `\frac{A}{B}` in an example becomes this question's options.
            shots = [self.filled(shot, values) for shot in shots]
        return scripted(self.filled(question, values), shots, self._place(question))

    @property
    def _put(self) -> Callable[[str, Values], str]:
        return fill if self.quirks.fills_in_turn else fill_once

    def _example(self, row: Row) -> Form:
        if row.index not in self._examples:
            label = row.reference if self.spec.prompt.label_names else None
            values: Values = row.values
            if self.spec.prompt.labels_column:
                choice = choice_of(self.spec, row)
                values = answered(row.values, self.spec.data.output_column, choice)
            self._examples[row.index] = self.filled(self.forms.example(label), values)
        return self._examples[row.index]

    def _place(self, question: Form) -> Place:
        """Where examples go: with a separator and an empty part as OpenCompass has them."""
        map_of_dialogues = self.forms.is_label_map and isinstance(question, Dialogue)
        separator = "\n" if map_of_dialogues and self.quirks.bare_separators else ""
        place = Place(self.forms.has_place, separator)
        if not self.quirks.empty_place_counts:
            return place
        if self.spec.examples.is_empty:
            return replace(place, empty="")
        own = self.spec.prompt.example
        in_texts = isinstance(question, Text) or (own is not None and bool(own.text))
        return replace(place, empty="\n" if in_texts else separator)


def answered(values: Values, output: str, answer: str) -> Values:
    """The row's values with another answer, which nothing else is put into."""
    return [*(held for held in values if held[0] != output), (output, answer)]


def unanswered(values: Values, output: str) -> Values:
    """The row's values without the answer."""
    return [(column, "" if column == output else text) for column, text in values]
