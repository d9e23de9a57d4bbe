"""A benchmark's prompts as forms with placeholders, and how values get into them.

Pure. A form has the subject's own texts and, if it is asked for one, a label in place already;
columns of a row are left to be filled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.methods import Method
from kompass_api.prompts import Role, Round, Template
from kompass_worker.errors import InvalidRequest

EXAMPLES: Final = "{examples}"
"""Where a text has its examples."""

SUBJECT_TITLE: Final = "{subject_title}"

Values = Sequence[tuple[str, str]]
"""Columns of a row with their text, in the data's order."""


@dataclass(frozen=True)
class Line:
    """What one side says."""

    role: Role
    text: str
    fallback: Role | None = None


@dataclass(frozen=True)
class Text:
    """A plain text."""

    text: str


@dataclass(frozen=True)
class Dialogue:
    """What opens a dialogue once, its turns, and what closes it once."""

    begin: tuple[Line, ...]
    rounds: tuple[Line, ...]
    end: tuple[Line, ...] = ()


Form = Text | Dialogue


@dataclass(frozen=True)
class Forms:
    """The forms of a subject's questions and examples."""

    spec: BenchmarkSpec
    subject: Subject

    @property
    def has_place(self) -> bool:
        """Whether there is a place for examples, even if it stays empty."""
        origin = self.spec.open_compass
        return not self.spec.examples.is_empty or bool(origin and origin.place_for_examples)

    @property
    def is_label_map(self) -> bool:
        """Whether OpenCompass has a map of labels here: a text for each, which it compares."""
        return self.spec.method in {Method.PERPLEXITY, Method.LOG_LIKELIHOOD}

    def question(self, label: str | None = None) -> Form:
        """The form of a question, with a label where the answer stands."""
        form = self._form(self._template(label))
        if isinstance(form, Text) and self.has_place and EXAMPLES not in form.text:
            form = Text(EXAMPLES + form.text)
        return self._settled(form, label)

    def example(self, label: str | None = None) -> Form:
        """The form of an example: one of its own, else the question's without the examples."""
        own = self.spec.prompt.example
        form = self._form(own if own is not None else self._template(label))
        if isinstance(form, Text):
            return self._settled(Text(form.text.replace(EXAMPLES, "")), label)
        return self._settled(Dialogue((), form.rounds), label)

    def _template(self, label: str | None) -> Template:
        held = self.spec.prompt.label_templates
        return next((one for one in held if one.label == label), self.spec.prompt)

    def _form(self, template: Template) -> Form:
        if template.text:
            return Text(template.text)
        if not template.rounds:
            raise InvalidRequest("the prompt has neither text nor rounds: write one of them")
        begin, rounds, end = (
            tuple(_line(turn) for turn in turns)
            for turns in (template.begin, template.rounds, template.end)
        )
        if begin or self.spec.open_compass is not None:
            return Dialogue(begin, rounds, end)
        # In a benchmark of one's own, leading SYSTEM turns open the dialogue: they are said once,
        # not before every example.
        opening = tuple(takewhile(lambda line: line.role is Role.SYSTEM, rounds))
        begin = tuple(replace(line, fallback=line.fallback or Role.HUMAN) for line in opening)
        return Dialogue(begin, rounds[len(opening) :], end)

    def _settled(self, form: Form, label: str | None) -> Form:
        # The label first: a text of the subject's own may hold braces that mean a column.
        said = [(self.spec.data.output_column, label)] if label is not None else []
        ours = (("subject_title", self.subject.title), *self.subject.values.items())
        return mapped(form, lambda text: fill(fill(text, said), ours))


def mapped(form: Form, change: Callable[[str], str]) -> Form:
    """The form with every text of it changed."""
    if isinstance(form, Text):
        return Text(change(form.text))
    return Dialogue(*(_changed(part, change) for part in (form.begin, form.rounds, form.end)))


def fill(text: str, values: Values) -> str:
    """The text with every `{column}` replaced, column after column; other braces stay.

    A placeholder inside a value that is already in place is filled as well.
    """
    if "{" not in text:
        return text
    for column, value in values:
        text = text.replace(f"{{{column}}}", value)
    return text


def fill_once(text: str, values: Values) -> str:
    """The text with every `{column}` replaced at once: what a value holds stays as it is."""
    if "{" not in text or not values:
        return text
    known: Mapping[str, str] = {f"{{{column}}}": value for column, value in values}
    return re.sub("|".join(map(re.escape, known)), lambda found: known[found.group()], text)


def _line(turn: Round) -> Line:
    return Line(turn.role, turn.prompt, turn.fallback_role)


def _changed(lines: Iterable[Line], change: Callable[[str], str]) -> tuple[Line, ...]:
    return tuple(replace(line, text=change(line.text)) for line in lines)
