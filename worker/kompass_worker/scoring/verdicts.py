"""The verdict on one answer: the extraction chain, then the metric.

Pure.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final, TypeVar

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of, metric_of
from kompass_api.results import Prediction
from kompass_api.scoring import ExtractionStep
from kompass_api.scoring import Metric as MetricChoice
from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.answers import Answered, CannotJudge, Judgement, Verdict
from kompass_worker.scoring.extraction import EXTRACTORS
from kompass_worker.scoring.metrics import metric_named
from kompass_worker.scoring.metrics.metric import NO_REFERENCE, Metric

NOT_FINITE: Final = "PerplexityNotFinite"
"""The model's numbers overflowed: no label can be said to be the likeliest."""

NOT_A_NUMBER: Final = "ScoreNotFinite"
"""The metric gave no number that a mean could be taken of."""

NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})

_MOST_AT_A_TIME: Final = 8
"""Processes with a computer algebra system each: a pod's memory is to hold them."""

Item = TypeVar("Item")
Found = TypeVar("Found")

_Arguments = tuple[tuple[str, str], ...]


def score_prediction(
    spec: BenchmarkSpec,
    subject: Subject,
    prediction: Prediction,
    reference: str,
    row: Mapping[str, str] = NO_FIELDS,
) -> Verdict:
    """The verdict; an answer in which nothing is found is wrong, as OpenCompass counts it."""
    metric = metric_for(spec, subject)
    if any(not math.isfinite(label.nll) for label in prediction.scores):
        return _unscored(metric, NOT_FINITE)
    try:
        answered = answered_of(extraction_of(spec, subject), prediction, reference, row)
    except CannotJudge as error:
        return _unscored(metric, error.reason)
    return judged(metric, answered)


def answered_of(
    chain: Sequence[ExtractionStep],
    prediction: Prediction,
    reference: str,
    row: Mapping[str, str] = NO_FIELDS,
) -> Answered:
    """What a metric is given of a prediction."""
    rules = [_rule(step.name, _frozen(step.arguments)) for step in chain]
    texts = prediction.samples or [prediction.prediction]
    return Answered(
        prediction=prediction.prediction,
        extracted=tuple(_read(rules, text) for text in texts),
        reference=reference,
        row=row,
        samples=tuple(prediction.samples),
        scores=tuple(prediction.scores),
    )


def judged(metric: Metric, answered: Answered) -> Verdict:
    """The metric's verdict, the mean over the samples where it judges each by itself."""
    if metric.needs_reference and not answered.reference:
        return _unscored(metric, NO_REFERENCE, answered)
    try:
        found = _judgements(metric, answered)
    except CannotJudge as error:
        return _unscored(metric, error.reason, answered)
    values = {
        row: math.fsum(each.values[row] for each in found) / len(found) for row in found[0].values
    }
    if not all(map(math.isfinite, values.values())):
        return _unscored(metric, NOT_A_NUMBER, answered)
    read = found[0].read
    return Verdict(answered.answer if read is None else read, values, None, answered)


def judged_all(metric: Metric, answers: Sequence[Answered]) -> list[Verdict]:
    """The verdicts, in the answers' order; several at a time where judging waits."""
    return in_turn(partial(judged, metric), answers, at_once=metric.is_slow)


def in_turn(judge: Callable[[Item], Found], items: Sequence[Item], *, at_once: bool) -> list[Found]:
    """What is found of each item, in their order; `at_once`: with as many threads as processors."""
    if not at_once:
        return [judge(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(_MOST_AT_A_TIME, os.cpu_count() or 1)) as pool:
        return list(pool.map(judge, items))


def metric_for(spec: BenchmarkSpec, subject: Subject) -> Metric:
    """How a subject's answers are judged; says what is wrong with its name or arguments."""
    return chosen(metric_of(spec, subject))


def chosen(choice: MetricChoice) -> Metric:
    """The metric that a benchmark names."""
    return _metric(choice.name, _frozen(choice.arguments))


def check_scoring(
    spec: BenchmarkSpec, subject: Subject, benchmark: str, row: Mapping[str, str] | None = None
) -> None:
    """Refuse rules that do not exist, have wrong arguments, or lack samples or a field."""
    place = f"benchmark {benchmark!r}, subject {subject.name!r}"
    try:
        metric = metric_for(spec, subject)
        for step in extraction_of(spec, subject):
            _rule(step.name, _frozen(step.arguments))
    except InvalidRequest as error:
        raise InvalidRequest(f"{place}: {error}") from error
    name = metric_of(spec, subject).name
    if spec.generation.samples < metric.least_samples:
        raise InvalidRequest(
            f"{place}: metric {name} needs {metric.least_samples} samples of an answer (found "
            f"generation.samples: {spec.generation.samples}): set it to that"
        )
    lacking = [] if row is None else [field for field in metric.fields if field not in row]
    if row is not None and lacking:
        raise InvalidRequest(
            f"{place}: metric {name} needs the field {lacking[0]!r} of a row (has: "
            f"{', '.join(row)}): keep it in data.keep, or name another in its arguments"
        )


def _judgements(metric: Metric, answered: Answered) -> list[Judgement]:
    if metric.all_samples or len(answered.extracted) == 1:
        return [metric.judge(answered)]
    return [metric.judge(answered.single(place)) for place in range(len(answered.extracted))]


def _unscored(metric: Metric, reason: str, answered: Answered | None = None) -> Verdict:
    extracted = None if answered is None else answered.answer
    return Verdict(extracted, {metric.rows[0]: None}, reason, answered)


def _read(rules: Sequence[Callable[[str], str]], text: str) -> str:
    for rule in rules:
        text = rule(text)
    return text


def _frozen(arguments: Mapping[str, str]) -> _Arguments:
    return tuple(sorted(arguments.items()))


# A run asks for the same few rules once for every answer.
@lru_cache(maxsize=1024)
def _rule(name: str, arguments: _Arguments) -> Callable[[str], str]:
    rule: Callable[[str], str] = EXTRACTORS.bound(name, dict(arguments))
    return rule


@lru_cache(maxsize=1024)
def _metric(name: str, arguments: _Arguments) -> Metric:
    return metric_named(name, dict(arguments))
