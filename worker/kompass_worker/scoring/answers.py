"""An answer as a metric sees it, and what a metric says of it.

Pure. A metric of many answers is computed from their verdicts, never from means of parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kompass_api.results import LabelScore


@dataclass(frozen=True)
class Answered:
    """A row that was put to a model, and what came back."""

    prediction: str
    """What the model wrote, the first of several samples; or the label it finds likeliest."""
    extracted: tuple[str, ...]
    """What the extraction chain read out of each sample; one text where one was asked for."""
    reference: str = ""
    """Empty where the data holds no answer."""
    row: Mapping[str, str] = field(default_factory=dict)
    """The row's fields; a list is written as JSON."""
    samples: tuple[str, ...] = ()
    """All texts, where several were asked for."""
    scores: tuple[LabelScore, ...] = ()
    """Of the methods that weigh labels or a text, in the labels' order."""

    @property
    def answer(self) -> str:
        """What the extraction chain read out of the first sample."""
        return self.extracted[0]

    def single(self, place: int) -> Answered:
        """The same with one of its samples alone."""
        samples = self.samples[place : place + 1]
        return replace(
            self,
            prediction=samples[0] if samples else self.prediction,
            extracted=self.extracted[place : place + 1],
            samples=(),
        )


@dataclass(frozen=True)
class Judgement:
    """What a metric says of one answer."""

    values: Mapping[str, float]
    """A number for each row of the metric that has one of a single answer, the headline first."""
    read: str | None = None
    """What the metric itself read out of the answer, where it looks for more than equality."""


@dataclass(frozen=True)
class Verdict:
    """What was read out of an answer, and what it is worth."""

    extracted: str | None
    values: Mapping[str, float | None]
    """By the name of the metric's row, the headline first; None where it cannot be judged: it
    leaves the mean and is counted."""
    unscored_reason: str | None = None
    answered: Answered | None = None

    @property
    def score(self) -> float | None:
        """The headline."""
        return next(iter(self.values.values()), None)


class CannotJudge(Exception):
    """An answer cannot be judged; `reason` is counted under its name, in CamelCase."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
