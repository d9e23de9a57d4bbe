"""Rows of the table that are means of other rows.

Pure. Means are taken of unrounded numbers, as OpenCompass does; a group whose rows have several
metrics in common has a row for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from kompass_api.plandocument import PlannedGroup
from kompass_api.results import Interval, Score
from kompass_api.scoring import GroupMember
from kompass_worker.scoring.statistics import Estimate, group_mean

RowKey = tuple[str, str]
"""Benchmark and name of a row."""

Rows = Mapping[RowKey, Sequence[Score]]
"""One model's scores of a row, one for each metric; the first is the default."""


def group_scores(group: PlannedGroup, model: str, rows: Rows) -> Iterator[Score]:
    """The group's scores; without a value where a member has none, absent where none has one."""
    for metric in _metrics(group, rows):
        parts = [_part(member, metric, rows) for member in group.members]
        if any(part is not None and part.value is not None for part in parts):
            yield _of(group, model, metric, parts)


def _metrics(group: PlannedGroup, rows: Rows) -> list[str]:
    """Empty (each member's first, or the one it names), then those that all have, if several."""
    if any(member.metric for member in group.members):
        return [""]
    held = [
        [score.metric for score in rows.get((member.benchmark, member.row), ())]
        for member in group.members
    ]
    shared = [metric for metric in held[0] if all(metric in some for some in held)]
    return ["", *(shared if len(shared) > 1 else ())]


def _part(member: GroupMember, metric: str, rows: Rows) -> Score | None:
    wanted = metric or member.metric
    scores = rows.get((member.benchmark, member.row), ())
    return next((score for score in scores if wanted in {"", score.metric}), None)


def _of(group: PlannedGroup, model: str, metric: str, parts: Sequence[Score | None]) -> Score:
    estimates = [
        _transformed(part, member) for part, member in zip(parts, group.members, strict=True)
    ]
    found = group_mean(group.mean, estimates, [member.weight for member in group.members])
    held = [part for part in parts if part is not None]
    modes = list(dict.fromkeys(part.mode for part in held))
    return Score(
        model=model,
        benchmark=group.benchmark,
        row_name=group.name,
        kind="group",
        oc_version="-",
        metric=metric or group.metric or group.mean,
        mode=modes[0] if len(modes) == 1 else "mixed",
        value=found.value,
        stderr=found.stderr,
        interval=found.interval,
        n=sum(part.n for part in held),
        unscored=sum(part.unscored for part in held),
    )


def _transformed(part: Score | None, member: GroupMember) -> Estimate:
    """The member's number times `multiply` plus `add`, its error bar along with it."""
    if part is None:
        return Estimate(None, None, None)
    factor, offset = float(Decimal(member.multiply)), float(Decimal(member.add))
    if (factor, offset) == (1.0, 0.0):
        return Estimate(part.value, part.stderr, part.interval)
    interval = part.interval and _ordered(
        part.interval.low * factor + offset, part.interval.high * factor + offset
    )
    return Estimate(
        value=None if part.value is None else part.value * factor + offset,
        stderr=None if part.stderr is None else part.stderr * abs(factor),
        interval=interval,
    )


def _ordered(one: float, other: float) -> Interval:
    return Interval(low=min(one, other), high=max(one, other))
