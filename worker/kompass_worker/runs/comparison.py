"""Two runs side by side: per benchmark the difference, and which items changed.

Pure. Only what was asked and scored in the same way is compared: the content hash, which covers
data, prompt, limits, extraction and metric, must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kompass_api.resolution import nearest
from kompass_api.results import Sample
from kompass_worker.errors import InvalidRequest
from kompass_worker.runs.paired import paired_test
from kompass_worker.runs.reading import StoredRun

_PERCENT: Final = 100.0


class Pair(NamedTuple):
    """The models that are compared: of the first run and of the second."""

    first: str
    second: str


class SubjectKey(NamedTuple):
    """A subject of a benchmark."""

    benchmark: str
    subject: str


@dataclass(frozen=True)
class Change:
    """An item that both runs judged, and not alike."""

    item: str
    first: Sample
    second: Sample
    difference: float
    """In percent; above zero the second run is better."""


@dataclass(frozen=True)
class Comparison:
    """A benchmark, or one subject of it; numbers in percent of the items judged in both runs."""

    models: Pair
    benchmark: str
    subject: str
    """Empty: all its subjects, item by item."""
    mode: str
    items: int
    first: float | None
    second: float | None
    difference: float | None
    stderr: float | None
    low: float | None
    high: float | None
    p_value: float | None
    test: str
    unpaired: int
    """Items that only one of the runs judged."""
    remark: str
    """What keeps it from being compared, in whole or in part."""
    changes: tuple[Change, ...]

    @property
    def better(self) -> int:
        """Items on which the second run is better."""
        return sum(change.difference > 0 for change in self.changes)

    @property
    def worse(self) -> int:
        """Items on which the second run is worse."""
        return sum(change.difference < 0 for change in self.changes)


@dataclass(frozen=True)
class _Side:
    """One model of a run."""

    hashes: Mapping[SubjectKey, str]
    samples: Mapping[SubjectKey, Mapping[str, Sample]]


def compare(
    first: StoredRun,
    second: StoredRun,
    models: Pair | None = None,
    *,
    by_subject: bool = False,
    different: bool = False,
) -> list[Comparison]:
    """The second run against the first, a row for each benchmark that both have.

    `different` compares what the content hash tells apart as well; the remark says so still.
    """
    return [
        row
        for pair in ([models] if models else _pairs(first, second))
        for row in _compared(first, second, pair, by_subject=by_subject, different=different)
    ]


def _pairs(first: StoredRun, second: StoredRun) -> list[Pair]:
    shared = [Pair(name, name) for name in first.models if name in second.models]
    if shared:
        return shared
    if len(first.models) == len(second.models) == 1:
        return [Pair(first.models[0], second.models[0])]
    raise InvalidRequest(
        f"{first.location} has the models {', '.join(first.models)}, {second.location} has "
        f"{', '.join(second.models)}: say which to compare, such as "
        f"--models {first.models[0]}:{second.models[0]}"
    )


def _compared(
    first: StoredRun, second: StoredRun, pair: Pair, *, by_subject: bool, different: bool
) -> Iterator[Comparison]:
    before, after = _side(first, pair.first), _side(second, pair.second)
    shared = [key for key in before.hashes if key in after.hashes]
    for benchmark in dict.fromkeys(key.benchmark for key in shared):
        keys = [key for key in shared if key.benchmark == benchmark]
        groups = [(key.subject, [key]) for key in keys] if by_subject else [("", keys)]
        for subject, some in groups:
            yield _row(pair, benchmark, subject, some, before, after, different=different)


def _side(run: StoredRun, model: str) -> _Side:
    if model not in run.models:
        raise InvalidRequest(f"{run.location} has no model {model!r}{nearest(model, run.models)}")
    samples: dict[SubjectKey, dict[str, Sample]] = {}
    for sample in run.samples:
        if sample.model == model:
            key = SubjectKey(sample.benchmark, sample.subject)
            samples.setdefault(key, {})[sample.item] = sample
    hashes = {
        SubjectKey(held.benchmark, held.subject): held.content_hash for held in run.report.data
    }
    return _Side(hashes, samples)


def _row(  # noqa: PLR0913  (what a row is made of)
    pair: Pair,
    benchmark: str,
    subject: str,
    keys: Sequence[SubjectKey],
    before: _Side,
    after: _Side,
    *,
    different: bool,
) -> Comparison:
    unlike = [key for key in keys if before.hashes[key] != after.hashes[key]]
    used = keys if different else [key for key in keys if key not in unlike]
    pairs, unpaired = _paired(before, after, used)
    scores = [(one.score or 0.0, other.score or 0.0) for one, other in pairs]
    found = paired_test([one for one, _ in scores], [other for _, other in scores])
    return Comparison(
        models=pair,
        benchmark=benchmark,
        subject=subject,
        mode=_mode(before, keys),
        items=len(pairs),
        first=_mean([one for one, _ in scores]),
        second=_mean([other for _, other in scores]),
        difference=_percent(found.difference),
        stderr=_percent(found.stderr),
        low=_percent(found.low),
        high=_percent(found.high),
        p_value=found.p_value,
        test=found.test,
        unpaired=unpaired,
        remark=_remark(len(unlike), len(keys), different=different),
        changes=tuple(_changes(pairs)),
    )


def _paired(
    before: _Side, after: _Side, keys: Iterable[SubjectKey]
) -> tuple[list[tuple[Sample, Sample]], int]:
    pairs: list[tuple[Sample, Sample]] = []
    unpaired = 0
    for key in keys:
        ones, others = _judged(before, key), _judged(after, key)
        pairs += [(ones[item], others[item]) for item in ones if item in others]
        unpaired += len(ones.keys() ^ others.keys())
    return pairs, unpaired


def _judged(side: _Side, key: SubjectKey) -> dict[str, Sample]:
    held = side.samples.get(key, {})
    return {item: sample for item, sample in held.items() if sample.score is not None}


def _changes(pairs: Iterable[tuple[Sample, Sample]]) -> Iterator[Change]:
    for one, other in pairs:
        difference = ((other.score or 0.0) - (one.score or 0.0)) * _PERCENT
        if difference:
            yield Change(one.item, one, other, difference)


def _mode(side: _Side, keys: Iterable[SubjectKey]) -> str:
    modes = (sample.mode for key in keys for sample in side.samples.get(key, {}).values())
    return next(modes, "unknown")


def _mean(values: Sequence[float]) -> float | None:
    return _percent(sum(values) / len(values)) if values else None


def _percent(value: float | None) -> float | None:
    return None if value is None else value * _PERCENT


def _remark(unlike: int, subjects: int, *, different: bool) -> str:
    if not unlike:
        return ""
    which = "the content" if unlike == subjects else f"the content of {unlike} of {subjects}"
    return f"{which} differs{'' if different else ': left out'}"
