"""The few numbers that go into a run's status.

Pure. Kubernetes objects hold no floats, so numbers are text here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from kompass_api.results import Score
from kompass_api.status import HeadlineScore

MAX_SCORES: Final = 20


def headline(scores: Iterable[Score], lower_is_better: Container[str] = ()) -> list[HeadlineScore]:
    """Up to twenty numbers, the widest groups first, then subjects in the table's order.

    `lower_is_better` holds the benchmarks of which a lower value is the better one.
    """
    known = list(scores)
    groups = sorted((held for held in known if held.kind == "group"), key=lambda held: -held.n)
    subjects = [held for held in known if held.kind == "subject"]
    chosen = (*groups, *subjects)[:MAX_SCORES]
    return [_shown(held, is_cost=held.benchmark in lower_is_better) for held in chosen]


def _shown(score: Score, *, is_cost: bool) -> HeadlineScore:
    return HeadlineScore(
        benchmark=score.row_name,
        model=score.model,
        metric=score.metric,
        mode=score.mode,
        version=score.oc_version,
        value="-" if score.value is None else f"{score.value:.2f}",
        stderr=None if score.stderr is None else f"{score.stderr:.2f}",
        n=score.n,
        unscored=score.unscored,
        lower_is_better=True if is_cost else None,
    )
