"""A benchmark's prompt as turns, and how a row's values get into it.

Pure. Profile opencompass@0.5: substitution is literal and goes through all columns of the row in
the data's order, so a placeholder inside a value that is already in place is filled as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.prompts import Role

EXAMPLES_TOKEN: Final = "</E>"  # noqa: S105  (a mark, not a secret)
"""Where OpenCompass' configurations put the examples."""

SUBJECT_TITLE: Final = "{subject_title}"

Values = Sequence[tuple[str, str]]
"""Columns of a row with their text, in the data's order."""


@dataclass(frozen=True)
class Turn:
    """What one side says."""

    role: Role
    text: str


@dataclass(frozen=True)
class Template:
    """A dialogue with placeholders: what opens it once, and the rounds of a question."""

    begin: tuple[Turn, ...]
    """Leading SYSTEM turns: said once, not before every example."""
    rounds: tuple[Turn, ...]
    output_column: str
    shots: bool
    """Whether there is a place for examples between `begin` and `rounds`."""

    def labelled(self, label: str) -> Template:
        """The template with a label where the output column stands."""
        return replace(
            self,
            begin=filled(self.begin, [(self.output_column, label)]),
            rounds=filled(self.rounds, [(self.output_column, label)]),
        )


def template_of(spec: BenchmarkSpec, title: str) -> Template:
    """The benchmark's template for the subject with this title."""
    turns = [
        Turn(spoken.role, spoken.prompt.replace(SUBJECT_TITLE, title))
        for spoken in spec.prompt.rounds
    ]
    begin = tuple(takewhile(lambda turn: turn.role is Role.SYSTEM, turns))
    return Template(
        begin, tuple(turns[len(begin) :]), spec.data.output_column, bool(spec.examples.ids)
    )


def filled(turns: Iterable[Turn], values: Values) -> tuple[Turn, ...]:
    """The turns with every `{column}` replaced, column after column."""
    return tuple(replace(turn, text=fill(turn.text, values)) for turn in turns)


def fill(text: str, values: Values) -> str:
    """The text with every `{column}` replaced, column after column; other braces stay."""
    if "{" not in text:
        return text
    for column, value in values:
        text = text.replace(f"{{{column}}}", value)
    return text
