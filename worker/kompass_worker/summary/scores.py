"""The numbers of the table: subjects from samples, groups from subjects.

Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from kompass_api.plandocument import Plan, PlannedGroup, PlannedSubject
from kompass_api.results import Sample, Score
from kompass_worker.scoring.statistics import Estimate, estimate
from kompass_worker.summary.groups import group_scores

_Samples = Mapping[tuple[str, str, str], Sequence[Sample]]


def scores(plan: Plan, samples: Iterable[Sample]) -> list[Score]:
    """Rows of the table in its order, for each row the models in the run's order.

    A subject without a judged sample has no value, and neither has a group with such a subject.
    """
    models = list(dict.fromkeys(shard.model for shard in plan.shards))
    by_row = _by_row(samples)
    of_subjects = [
        _of_subject(subject, model, by_row.get((model, subject.benchmark, subject.subject), ()))
        for subject in plan.subjects
        for model in models
    ]
    return [*of_subjects, *_of_groups(plan.groups, models, of_subjects)]


def _of_groups(
    groups: Sequence[PlannedGroup], models: Sequence[str], of_subjects: Sequence[Score]
) -> list[Score]:
    """The groups in order; a later one may have an earlier one among its rows."""
    rows = {model: _rows(model, of_subjects) for model in models}
    found: list[Score] = []
    for group in groups:
        for model in models:
            made = list(group_scores(group, model, rows[model]))
            rows[model][group.benchmark, group.name] = made
            found += made
    return found


def _rows(model: str, of_subjects: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    rows: dict[tuple[str, str], list[Score]] = {}
    for score in of_subjects:
        if score.model == model:
            rows.setdefault((score.benchmark, score.row_name), []).append(score)
    return rows


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


def _with(row: Score, found: Estimate) -> Score:
    return row.model_copy(
        update={"value": found.value, "stderr": found.stderr, "interval": found.interval}
    )
