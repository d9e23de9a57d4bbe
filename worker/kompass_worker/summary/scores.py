"""The numbers of the table: subjects from samples, groups from subjects.

Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kompass_api.plandocument import Plan, PlannedGroup, PlannedSubject
from kompass_api.results import Score
from kompass_worker.prompts.questions import Question
from kompass_worker.scoring.answers import Verdict
from kompass_worker.scoring.metrics.metric import Metric
from kompass_worker.scoring.statistics import Estimate
from kompass_worker.scoring.verdicts import metric_for
from kompass_worker.summary.groups import group_scores
from kompass_worker.summary.samples import JudgedSample

SubjectKey = tuple[str, str]
"""Benchmark and subject."""

Metrics = Mapping[SubjectKey, Metric]

_Verdicts = Mapping[tuple[str, SubjectKey], Sequence[Verdict]]


def scores(plan: Plan, samples: Iterable[JudgedSample], metrics: Metrics) -> list[Score]:
    """Rows of the table in its order, for each row the models in the run's order.

    A subject has a row for each of its metric's numbers. One without a judged sample has no value,
    and neither has a group with such a subject.
    """
    models = list(dict.fromkeys(shard.model for shard in plan.shards))
    held = _by_subject(samples)
    of_subjects = [
        score for subject in plan.subjects for score in _of_subject(subject, models, metrics, held)
    ]
    return [*of_subjects, *_of_groups(plan.groups, models, of_subjects)]


def metrics_of(questions: Iterable[Question]) -> dict[SubjectKey, Metric]:
    """How the answers to these questions are summed up, for each subject."""
    firsts = {(question.benchmark, question.subject): question for question in questions}
    return {key: metric_for(held.spec, held.sheet.subject) for key, held in firsts.items()}


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


def _by_subject(samples: Iterable[JudgedSample]) -> _Verdicts:
    held: defaultdict[tuple[str, SubjectKey], list[Verdict]] = defaultdict(list)
    for sample, verdict in samples:
        held[sample.model, (sample.benchmark, sample.subject)].append(verdict)
    return held


def _of_subject(
    subject: PlannedSubject, models: Sequence[str], metrics: Metrics, held: _Verdicts
) -> Iterator[Score]:
    """Metric by metric, for each the models."""
    key = (subject.benchmark, subject.subject)
    metric = metrics[key]
    verdicts = {model: held.get((model, key), ()) for model in models}
    totals = {model: metric.total(some) for model, some in verdicts.items()}
    for row in metric.rows:
        for model in models:
            yield _score(subject, model, row, totals[model][row], verdicts[model])


def _score(
    subject: PlannedSubject,
    model: str,
    metric: str,
    found: Estimate,
    verdicts: Sequence[Verdict],
) -> Score:
    judged = sum(verdict.score is not None for verdict in verdicts)
    return Score(
        model=model,
        benchmark=subject.benchmark,
        row_name=subject.row_name,
        kind="subject",
        oc_version=subject.oc_version,
        content_hash=subject.content_hash,
        metric=metric,
        mode=subject.method.mode,
        value=found.value,
        stderr=found.stderr,
        interval=found.interval,
        n=judged,
        unscored=len(verdicts) - judged,
    )
