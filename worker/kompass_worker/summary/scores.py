"""The numbers of the table: subjects from samples, groups from subjects.

Pure. A group is the plain mean of its subjects' unrounded numbers, as OpenCompass has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kompass_api.plandocument import Plan, PlannedGroup, PlannedSubject
from kompass_api.results import Sample, Score
from kompass_worker.scoring.statistics import Estimate, estimate, unweighted

NAIVE_AVERAGE: Final = "naive_average"
"""OpenCompass' name for a group's metric."""

_Samples = Mapping[tuple[str, str, str], Sequence[Sample]]


def scores(plan: Plan, samples: Iterable[Sample]) -> list[Score]:
    """Rows of the table in its order, for each row the models in the run's order.

    A subject without a judged sample has no value, and a group with such a subject is absent.
    """
    models = list(dict.fromkeys(shard.model for shard in plan.shards))
    by_row = _by_row(samples)
    of_subjects = [
        _of_subject(subject, model, by_row.get((model, subject.benchmark, subject.subject), ()))
        for subject in plan.subjects
        for model in models
    ]
    of_groups = [
        score
        for group in plan.groups
        for model in models
        for score in _of_group(group, model, of_subjects)
    ]
    return [*of_subjects, *of_groups]


def _by_row(samples: Iterable[Sample]) -> _Samples:
    rows: defaultdict[tuple[str, str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        rows[sample.model, sample.benchmark, sample.subject].append(sample)
    return rows


def _of_subject(subject: PlannedSubject, model: str, samples: Sequence[Sample]) -> Score:
    judged = [sample.score for sample in samples if sample.score is not None]
    row = Score(
        model=model,
        benchmark=subject.benchmark,
        row_name=subject.row_name,
        kind="subject",
        oc_version=subject.oc_version,
        content_hash=subject.content_hash,
        metric=subject.metric,
        mode=subject.method.mode,
        value=None,
        n=len(judged),
        unscored=len(samples) - len(judged),
    )
    return _with(row, estimate(judged))


def _of_group(group: PlannedGroup, model: str, of_subjects: Sequence[Score]) -> Iterator[Score]:
    wanted = set(group.row_names)
    parts = [
        score
        for score in of_subjects
        if (score.model, score.benchmark) == (model, group.benchmark) and score.row_name in wanted
    ]
    if len(parts) < len(wanted) or any(part.value is None for part in parts):
        return
    row = Score(
        model=model,
        benchmark=group.benchmark,
        row_name=group.name,
        kind="group",
        oc_version="-",
        metric=NAIVE_AVERAGE,
        mode=parts[0].mode,
        value=None,
        n=sum(part.n for part in parts),
        unscored=sum(part.unscored for part in parts),
    )
    yield _with(
        row, unweighted([Estimate(part.value, part.stderr, part.interval) for part in parts])
    )


def _with(row: Score, found: Estimate) -> Score:
    return row.model_copy(
        update={"value": found.value, "stderr": found.stderr, "interval": found.interval}
    )
