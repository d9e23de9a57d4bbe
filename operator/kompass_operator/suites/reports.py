"""What a suite's status says of its newest runs: counts, and the best model of each row. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from kompass_api.evalsuite import MAX_BEST, BestScore, EvalSuiteStatus, SuiteRunCounts
from kompass_api.status import HeadlineScore
from kompass_operator.suites.facts import RunFacts


def with_runs(
    status: EvalSuiteStatus, newest: Sequence[RunFacts], *, wanted: int, kept: int
) -> EvalSuiteStatus:
    """The status with counts and the best-of table."""
    counts = SuiteRunCounts(
        wanted=wanted,
        active=sum(not run.is_finished for run in newest),
        succeeded=sum(run.is_ready for run in newest),
        failed=sum(run.is_finished and not run.is_ready for run in newest),
        kept=kept,
    )
    finished = sum(run.is_finished for run in newest)
    return status.model_copy(
        update={"runs": counts, "progress": f"{finished}/{wanted}", "best_of": best_of(newest)}
    )


def best_of(runs: Iterable[RunFacts]) -> list[BestScore]:
    """The best model of each row and metric; the first of equals, in the order of names."""
    held: dict[tuple[str, str], list[tuple[HeadlineScore, str]]] = {}
    for run in sorted(runs, key=lambda run: run.name):
        for score in run.scores:
            if _number(score) is not None:
                held.setdefault((score.benchmark, score.metric), []).append((score, run.name))
    return [_best(rows) for rows in held.values()][:MAX_BEST]


def _best(rows: Sequence[tuple[HeadlineScore, str]]) -> BestScore:
    sign = -1 if rows[0][0].lower_is_better else 1
    score, run = max(rows, key=lambda row: sign * (_number(row[0]) or Decimal(0)))
    return BestScore(
        benchmark=score.benchmark,
        metric=score.metric,
        model=score.model,
        value=score.value,
        run=run,
        of=len({row[0].model for row in rows}),
    )


def _number(score: HeadlineScore) -> Decimal | None:
    try:
        number = Decimal(score.value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
