"""The items of a run that are worth a look: wrong, unjudged, truncated, unfinished.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kompass_api.resolution import nearest
from kompass_api.results import Sample
from kompass_worker.errors import InvalidRequest

_RIGHT: Final = 1.0


class Mark(StrEnum):
    """What can be said of an item; several may hold."""

    RIGHT = "right"
    PARTLY = "partly"
    """A score between nothing and full marks."""
    WRONG = "wrong"
    UNJUDGED = "unjudged"
    TRUNCATED = "truncated"
    """The prompt did not fit, and lost its beginning."""
    UNFINISHED = "unfinished"
    """The limit on new tokens cut the answer off."""


WORTH_A_LOOK: Final = frozenset({Mark.WRONG, Mark.UNJUDGED, Mark.TRUNCATED})


@dataclass(frozen=True)
class Filter:
    """Which items are wanted; what is empty does not matter."""

    models: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    marks: frozenset[Mark] = WORTH_A_LOOK


def marks_of(sample: Sample) -> tuple[Mark, ...]:
    """What holds of an item, its verdict first."""
    marks = [_verdict(sample.score)]
    marks += [Mark.TRUNCATED] if sample.truncated else []
    marks += [Mark.UNFINISHED] if sample.finish_reason == "length" else []
    return tuple(marks)


def chosen(samples: Iterable[Sample], wanted: Filter) -> Iterator[Sample]:
    """The samples that are wanted; InvalidRequest names what the run does not have."""
    held = list(samples)
    _check("model", wanted.models, {sample.model for sample in held})
    _check("benchmark", wanted.benchmarks, {sample.benchmark for sample in held})
    _check("subject", wanted.subjects, {sample.subject for sample in held})
    for sample in held:
        if _fits(sample, wanted):
            yield sample


def _fits(sample: Sample, wanted: Filter) -> bool:
    return (
        (not wanted.models or sample.model in wanted.models)
        and (not wanted.benchmarks or sample.benchmark in wanted.benchmarks)
        and (not wanted.subjects or sample.subject in wanted.subjects)
        and (not wanted.marks or not wanted.marks.isdisjoint(marks_of(sample)))
    )


def _verdict(score: float | None) -> Mark:
    if score is None:
        return Mark.UNJUDGED
    if score >= _RIGHT:
        return Mark.RIGHT
    return Mark.PARTLY if score > 0 else Mark.WRONG


def _check(noun: str, wanted: Iterable[str], known: set[str]) -> None:
    for name in wanted:
        if name not in known:
            raise InvalidRequest(f"the run has no {noun} {name!r}{nearest(name, known)}")
