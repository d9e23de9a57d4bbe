"""What a metric is: rows with names, a judge of one answer, a total over all.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kompass_worker.scoring.answers import Answered, CannotJudge, Judgement, Verdict
from kompass_worker.scoring.lists import texts
from kompass_worker.scoring.statistics import Estimate, estimate, jackknifed

Judge = Callable[[Answered], Judgement]
Mean = Callable[[Sequence[float]], Estimate]
Total = Callable[[Sequence[Verdict]], Mapping[str, Estimate]]


NO_REFERENCE: Final = "NoReference"
"""The data holds no answer, as in a test set that is to be submitted."""


@dataclass(frozen=True)
class Metric:
    """Numbers that answers are turned into."""

    rows: tuple[str, ...]
    """Names of its numbers, OpenCompass' keys; the first is the headline."""
    judge: Judge
    """What one answer is worth; may raise CannotJudge."""
    total: Total
    """A number for every row, from the verdicts that have values; unjudged ones are left out."""
    needs_reference: bool = True
    all_samples: bool = False
    """Whether it looks at all samples of an answer; others judge each, and the mean counts."""
    is_slow: bool = False
    """Whether judging waits for other processes, so that several answers should be at a time."""
    fields: tuple[str, ...] = ()
    """Fields of the row that it needs besides the reference."""
    least_samples: int = 1
    """How many samples of an answer it needs."""
    higher_is_better: bool = True
    is_share: bool = False
    """Whether its first number of an answer is how much of it is right: 1 all, 0 nothing."""
    in_percent: bool = True
    """Whether its totals are in percent of what one answer's numbers are."""


def mean_metric(
    rows: Sequence[str],
    judge: Judge,
    *,
    mean: Mean = estimate,
    needs_reference: bool = True,
    fields: Sequence[str] = (),
    is_share: bool = False,
) -> Metric:
    """A metric whose numbers are means."""

    def total(verdicts: Sequence[Verdict]) -> Mapping[str, Estimate]:
        return {row: mean(values_of(row, verdicts)) for row in rows}

    return Metric(
        tuple(rows), judge, total, needs_reference, fields=tuple(fields), is_share=is_share
    )


def share_metric(
    row: str, is_right: Callable[[Answered], bool], *, mean: Mean = estimate
) -> Metric:
    """A metric that is the share of right answers."""

    def judge(answered: Answered) -> Judgement:
        return Judgement({row: float(is_right(answered))})

    return mean_metric([row], judge, mean=mean, is_share=True)


def judge_metric(row: str, number: Callable[[Answered], float]) -> Metric:
    """A metric that is the mean, in percent, of a function of one answer from 0 to 1."""
    return mean_metric(
        [row], lambda answered: Judgement({row: float(number(answered))}), is_share=True
    )


def corpus_metric(
    rows: Mapping[str, Callable[[Sequence[Answered]], float | None]],
    judge: Judge,
    *,
    needs_reference: bool = True,
    is_share: bool = False,
) -> Metric:
    """A metric of all answers together, which is no mean of theirs.

    Of several samples it is that of the first, of the second, ..., and the mean of these.
    """

    def total(verdicts: Sequence[Verdict]) -> Mapping[str, Estimate]:
        answers = judged_answers(verdicts)
        return {row: jackknifed(_of_each_sample(number), answers) for row, number in rows.items()}

    return Metric(tuple(rows), judge, total, needs_reference, is_share=is_share)


def golds_of(answered: Answered) -> tuple[str, ...]:
    """The references, of which the data may have a list."""
    found = texts(answered.reference)
    if not found:
        raise CannotJudge(NO_REFERENCE)
    return found


def values_of(row: str, verdicts: Sequence[Verdict]) -> list[float]:
    """The row's values, of the answers that have one."""
    found = (verdict.values.get(row) for verdict in verdicts)
    return [value for value in found if value is not None]


def judged_answers(verdicts: Sequence[Verdict]) -> list[Answered]:
    """The answers that could be judged."""
    return [
        verdict.answered
        for verdict in verdicts
        if verdict.answered is not None and verdict.score is not None
    ]


def _of_each_sample(
    number: Callable[[Sequence[Answered]], float | None],
) -> Callable[[Sequence[Answered]], float | None]:
    def mean(answers: Sequence[Answered]) -> float | None:
        count = min((len(answered.extracted) for answered in answers), default=0)
        found = [number([answered.single(place) for answered in answers]) for place in range(count)]
        known = [value for value in found if value is not None]
        return math.fsum(known) / len(known) if known and len(known) == len(found) else None

    return mean
