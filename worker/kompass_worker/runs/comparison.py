"""Two runs side by side: per benchmark the difference, and which items changed.

Pure. Only what was asked and scored in the same way is compared: the content hash, which covers
data, prompt, limits, extraction and metric, must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kompass_api.resolution import nearest
from kompass_api.results import Sample, Score
from kompass_worker.errors import InvalidRequest
from kompass_worker.runs.natures import Nature, SubjectKey
from kompass_worker.runs.paired import paired_test
from kompass_worker.runs.reading import StoredRun

_PERCENT: Final = 100.0


class Pair(NamedTuple):
    """The models that are compared: of the first run and of the second."""

    first: str
    second: str


@dataclass(frozen=True)
class Change:
    """An item that both runs judged, and not alike."""

    item: str
    first: Sample
    second: Sample
    difference: float
    """In the unit of the scores; above zero the second run's is higher."""
    is_better: bool
    """Whether the second run's is the better one."""


@dataclass(frozen=True)
class Comparison:
    """A metric of a benchmark, or of one subject of it, over the items judged in both runs.

    Numbers are in the unit of the report, mostly percent.
    """

    models: Pair
    benchmark: str
    subject: str
    """Empty: all its subjects, item by item."""
    metric: str
    higher_is_better: bool
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
        return sum(change.is_better for change in self.changes)

    @property
    def worse(self) -> int:
        """Items on which the second run is worse."""
        return sum(not change.is_better for change in self.changes)


@dataclass(frozen=True)
class _Side:
    """One model of a run."""

    hashes: Mapping[SubjectKey, str]
    samples: Mapping[SubjectKey, Mapping[str, Sample]]
    natures: Mapping[SubjectKey, Nature]
    scores: Sequence[Score]
    """The model's subjects' numbers, as the report has them."""

    def metrics(self, benchmark: str) -> list[str]:
        """The metrics whose numbers the items have one by one, the headline first."""
        named = [score.metric for score in self.scores if score.benchmark == benchmark]
        held = (
            metric
            for key, samples in self.samples.items()
            if key.benchmark == benchmark
            for sample in samples.values()
            for metric in sample.values
        )
        return list(dict.fromkeys(held)) or named[:1] or [""]

    def scale(self, benchmark: str, metric: str) -> float:
        """What an item's number is multiplied by in the report: a share becomes a percentage."""
        rows = [
            score
            for score in self.scores
            if (score.benchmark, score.metric) == (benchmark, metric) and score.value is not None
        ]
        items = [
            found
            for key, samples in self.samples.items()
            if key.benchmark == benchmark
            for sample in samples.values()
            if (found := value_of(sample, metric)) is not None
        ]
        count = sum(row.n for row in rows)
        if not count or not items:
            return _PERCENT
        reported = sum((row.value or 0.0) * row.n for row in rows) / count
        mean = sum(items) / len(items)
        return _PERCENT if abs(reported - _PERCENT * mean) <= abs(reported - mean) else 1.0


def value_of(sample: Sample, metric: str) -> float | None:
    """What an item is worth by a metric; None where it could not be judged."""
    return sample.values.get(metric) if sample.values else sample.score


class _Sides(NamedTuple):
    before: _Side
    after: _Side
    models: Pair


class _What(NamedTuple):
    """What a row speaks of."""

    benchmark: str
    subject: str
    metric: str
    keys: tuple[SubjectKey, ...]


class _PairedItem(NamedTuple):
    """An item that both runs judged."""

    first: Sample
    second: Sample
    before: float
    after: float


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
    sides = _Sides(_side(first, pair.first), _side(second, pair.second), pair)
    shared = [key for key in sides.before.hashes if key in sides.after.hashes]
    for benchmark in dict.fromkeys(key.benchmark for key in shared):
        keys = [key for key in shared if key.benchmark == benchmark]
        groups = [(key.subject, [key]) for key in keys] if by_subject else [("", keys)]
        for subject, some in groups:
            for metric in sides.before.metrics(benchmark):
                what = _What(benchmark, subject, metric, tuple(some))
                yield _row(sides, what, different=different)


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
    scores = [held for held in run.report.scores if (held.model, held.kind) == (model, "subject")]
    natures = {key: run.nature(*key) for key in hashes}
    return _Side(hashes, samples, natures, scores)


def _row(sides: _Sides, what: _What, *, different: bool) -> Comparison:
    before, after = sides.before, sides.after
    unlike = [key for key in what.keys if before.hashes[key] != after.hashes[key]]
    used = what.keys if different else [key for key in what.keys if key not in unlike]
    pairs, unpaired = _paired(sides, used, what.metric)
    scale = before.scale(what.benchmark, what.metric)
    ones = [held.before for held in pairs]
    others = [held.after for held in pairs]
    found = paired_test(ones, others)
    is_up = all(before.natures[key].higher_is_better for key in what.keys)
    return Comparison(
        models=sides.models,
        benchmark=what.benchmark,
        subject=what.subject,
        metric=what.metric,
        higher_is_better=is_up,
        mode=_mode(before, what.keys),
        items=len(pairs),
        first=_mean(ones, scale),
        second=_mean(others, scale),
        difference=_scaled(found.difference, scale),
        stderr=_scaled(found.stderr, scale),
        low=_scaled(found.low, scale),
        high=_scaled(found.high, scale),
        p_value=found.p_value,
        test=found.test,
        unpaired=unpaired,
        remark=_remark(len(unlike), len(what.keys), different=different),
        changes=tuple(
            _change(held, scale, is_up=is_up) for held in pairs if held.after != held.before
        ),
    )


def _change(held: _PairedItem, scale: float, *, is_up: bool) -> Change:
    difference = (held.after - held.before) * scale
    return Change(
        held.first.item, held.first, held.second, difference, is_better=(difference > 0) == is_up
    )


def _paired(
    sides: _Sides, keys: Iterable[SubjectKey], metric: str
) -> tuple[list[_PairedItem], int]:
    pairs: list[_PairedItem] = []
    unpaired = 0
    for key in keys:
        ones, others = (
            {item: (sample, value) for item, sample, value in _judged(side, key, metric)}
            for side in (sides.before, sides.after)
        )
        pairs += [
            _PairedItem(ones[item][0], others[item][0], ones[item][1], others[item][1])
            for item in ones
            if item in others
        ]
        unpaired += len(ones.keys() ^ others.keys())
    return pairs, unpaired


def _judged(side: _Side, key: SubjectKey, metric: str) -> Iterator[tuple[str, Sample, float]]:
    for item, sample in side.samples.get(key, {}).items():
        value = value_of(sample, metric)
        if value is not None:
            yield item, sample, value


def _mode(side: _Side, keys: Iterable[SubjectKey]) -> str:
    modes = (sample.mode for key in keys for sample in side.samples.get(key, {}).values())
    return next(modes, "unknown")


def _mean(values: Sequence[float], scale: float) -> float | None:
    return sum(values) / len(values) * scale if values else None


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _remark(unlike: int, subjects: int, *, different: bool) -> str:
    if not unlike:
        return ""
    which = "the content" if unlike == subjects else f"the content of {unlike} of {subjects}"
    return f"{which} differs{'' if different else ': left out'}"
