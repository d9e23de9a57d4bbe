"""The items of a run that are worth a look: wrong, measured, unjudged, truncated, unfinished.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from kompass_api.resolution import nearest
from kompass_api.results import Sample
from kompass_worker.errors import InvalidRequest
from kompass_worker.runs.natures import Nature
from kompass_worker.runs.reading import StoredRun

_RIGHT: Final = 1.0


class Mark(StrEnum):
    """What can be said of an item; several may hold."""

    RIGHT = "right"
    PARTLY = "partly"
    """A score between nothing and full marks."""
    WRONG = "wrong"
    MEASURED = "measured"
    """A number that is no share of what is right, such as a perplexity."""
    UNJUDGED = "unjudged"
    TRUNCATED = "truncated"
    """The prompt did not fit, and lost its beginning."""
    UNFINISHED = "unfinished"
    """The limit on new tokens cut the answer off."""


WORTH_A_LOOK: Final = frozenset({Mark.WRONG, Mark.MEASURED, Mark.UNJUDGED, Mark.TRUNCATED})


@dataclass(frozen=True)
class Filter:
    """Which items are wanted; what is empty does not matter."""

    models: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    marks: frozenset[Mark] = WORTH_A_LOOK


class Inspected(NamedTuple):
    """An item and what holds of it, its verdict first."""

    sample: Sample
    marks: tuple[Mark, ...]


def marks_of(sample: Sample, nature: Nature) -> tuple[Mark, ...]:
    """What holds of an item, its verdict first."""
    marks = [_verdict(sample.score, nature)]
    marks += [Mark.TRUNCATED] if sample.truncated else []
    marks += [Mark.UNFINISHED] if sample.finish_reason == "length" else []
    return tuple(marks)


def chosen(run: StoredRun, wanted: Filter) -> list[Inspected]:
    """The items that are wanted, those that are measured last and the worst of them first.

    InvalidRequest names what the run does not have.
    """
    _check("model", wanted.models, {sample.model for sample in run.samples})
    _check("benchmark", wanted.benchmarks, {sample.benchmark for sample in run.samples})
    _check("subject", wanted.subjects, {sample.subject for sample in run.samples})
    found = [
        Inspected(sample, marks_of(sample, run.nature(sample.benchmark, sample.subject)))
        for sample in run.samples
        if _fits(sample, wanted)
    ]
    held = [item for item in found if _is_marked(item, wanted)]
    return sorted(held, key=lambda item: _place(item, run))


def _fits(sample: Sample, wanted: Filter) -> bool:
    return (
        (not wanted.models or sample.model in wanted.models)
        and (not wanted.benchmarks or sample.benchmark in wanted.benchmarks)
        and (not wanted.subjects or sample.subject in wanted.subjects)
    )


def _is_marked(item: Inspected, wanted: Filter) -> bool:
    return not wanted.marks or not wanted.marks.isdisjoint(item.marks)


def _place(item: Inspected, run: StoredRun) -> tuple[str, float]:
    """What a stable sort goes by: the others stay in the plan's order."""
    sample = item.sample
    if Mark.MEASURED not in item.marks or sample.score is None:
        return "", 0.0
    is_up = run.nature(sample.benchmark, sample.subject).higher_is_better
    return sample.benchmark, sample.score if is_up else -sample.score


def _verdict(score: float | None, nature: Nature) -> Mark:
    if score is None:
        return Mark.UNJUDGED
    if not nature.is_share:
        return Mark.MEASURED
    if score >= _RIGHT:
        return Mark.RIGHT
    return Mark.PARTLY if score > 0 else Mark.WRONG


def _check(noun: str, wanted: Iterable[str], known: set[str]) -> None:
    for name in wanted:
        if name not in known:
            raise InvalidRequest(f"the run has no {noun} {name!r}{nearest(name, known)}")
