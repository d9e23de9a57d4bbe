"""Metrics of several samples of an answer: is one right, are many, what does the majority say.

Pure. Each sample is judged by another metric, `of`, whose headline must be 1 or 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.metrics.metric import Metric, mean_metric
from kompass_worker.scoring.passes import g_pass_at_k, mg_pass_at_k, pass_at_k

MetricOf = Callable[[str], Metric]

_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def pass_metric(base: Metric, k: tuple[int, ...]) -> Metric:
    """`pass@k` for every k: the chance that one of k samples is right."""
    _check(k)

    def judge(answered: Answered) -> Judgement:
        n, right = _counted(base, answered, max(k))
        return Judgement({f"pass@{each}": pass_at_k(n, right, each) for each in k})

    return _over_samples([f"pass@{each}" for each in k], judge, base, max(k))


def g_pass_metric(base: Metric, k: tuple[int, ...], runs: int) -> Metric:
    """OpenCompass' numbers of n runs: the mean, and G-Pass@k and mG-Pass@k for every k."""
    _check(k)
    mean = f"{base.rows[0]} ({runs} runs average)"

    def judge(answered: Answered) -> Judgement:
        n, right = _counted(base, answered, max(k))
        if n != runs:
            raise InvalidRequest(
                f"metric g_pass_at_k: found {n} samples; expected runs: {runs} (set "
                "generation.samples to it)"
            )
        values = {mean: right / n}
        for each in k:
            values |= {
                f"G-Pass@{each}_{share}": g_pass_at_k(n, right, each, share) for share in _SHARES
            }
            values[f"mG-Pass@{each}"] = mg_pass_at_k(n, right, each)
        return Judgement(values)

    names = [
        name
        for each in k
        for name in (*(f"G-Pass@{each}_{share}" for share in _SHARES), f"mG-Pass@{each}")
    ]
    return _over_samples([mean, *names], judge, base, runs)


def majority_metric(base: Metric) -> Metric:
    """The base metric of the answer that most samples give, of equals the one that came first."""

    def judge(answered: Answered) -> Judgement:
        most = Counter(answered.extracted).most_common(1)[0][0]
        found = base.judge(replace(answered, extracted=(most,)))
        return Judgement(found.values, read=most if found.read is None else found.read)

    return replace(base, judge=judge, all_samples=True)


def _over_samples(
    rows: list[str], judge: Callable[[Answered], Judgement], base: Metric, least: int
) -> Metric:
    found = mean_metric(
        rows, judge, needs_reference=base.needs_reference, fields=base.fields, is_share=True
    )
    return replace(found, all_samples=True, is_slow=base.is_slow, least_samples=least)


def _counted(base: Metric, answered: Answered, most: int) -> tuple[int, int]:
    """How many samples there are, and how many of them are right."""
    n = len(answered.extracted)
    if n < most:
        raise InvalidRequest(
            f"found {n} samples of an answer; expected at least k: {most} (set generation.samples)"
        )
    row = base.rows[0]
    values = [base.judge(answered.single(place)).values[row] for place in range(n)]
    if not all(value in {0.0, 1.0} for value in values):
        raise InvalidRequest(f"{row} of a sample is neither 0 nor 1: name another metric in `of`")
    return n, round(math.fsum(values))


def _check(k: tuple[int, ...]) -> None:
    if not k or min(k) < 1:
        raise InvalidRequest(f"k: found {k}; expected whole numbers from 1, such as 1,5")
