"""Whether a finished run's numbers are what its gates ask.

Pure. What cannot be judged does not pass: a row that is not there, a score without a value, a
baseline that measured something else.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from kompass_api.gates import Baseline, Gate, GateOperator, GateOutcome
from kompass_api.plandocument import Plan
from kompass_api.resolution import nearest
from kompass_api.results import Score
from kompass_worker.errors import InvalidRequest
from kompass_worker.runs.comparison import Comparison, Pair, compare
from kompass_worker.runs.reading import StoredRun

_HOLDS: Final[Mapping[GateOperator, Callable[[Decimal, Decimal], bool]]] = {
    GateOperator.AT_LEAST: operator.ge,
    GateOperator.ABOVE: operator.gt,
    GateOperator.AT_MOST: operator.le,
    GateOperator.BELOW: operator.lt,
}


def judged_by_value(gate: Gate, value: str, run: StoredRun) -> GateOutcome:
    """The gate against a value: of several models the first that does not pass decides."""
    threshold = f"{gate.operator} {value}"
    try:
        rows = list(_rows(gate, run))
    except InvalidRequest as error:
        return _failed(gate, threshold, str(error))
    outcomes = [_held_against(gate, row, value, threshold) for row in rows]
    return next((one for one in outcomes if not one.passed), outcomes[0])


def judged_by_baseline(
    gate: Gate, baseline: Baseline, run: StoredRun, before: StoredRun, plan: Plan
) -> GateOutcome:
    """The gate against a baseline run, by the paired test over the items that both judged."""
    threshold = f"not worse than {baseline.run or 'its baseline'}"[:64]
    try:
        benchmark, subject = _place(gate, plan)
        found = [
            _compared(gate, before, run, Pair(_model_before(gate, baseline, model, before), model))
            for model in _models(gate, run)
        ]
        rows = [_chosen(gate, some, benchmark, subject) for some in found]
    except InvalidRequest as error:
        return _failed(gate, threshold, str(error))
    outcomes = [_not_worse(gate, row, baseline.significance, threshold) for row in rows]
    return next((one for one in outcomes if not one.passed), outcomes[0])


def _rows(gate: Gate, run: StoredRun) -> Iterator[Score]:
    row_name, some = _named(gate, run.report.scores)
    metric = gate.metric or some[0].metric
    known = dict.fromkeys(score.metric for score in some)
    if metric not in known:
        raise InvalidRequest(f"row {row_name!r} has no metric {metric!r}{nearest(metric, known)}")
    for model in _models(gate, run):
        yield next(one for one in some if (one.model, one.metric) == (model, metric))


def _named(gate: Gate, scores: list[Score]) -> tuple[str, list[Score]]:
    """The row that a gate names: by its own name, or the widest one of a benchmark."""
    rows = [score for score in scores if score.row_name == gate.benchmark]
    benchmarks = sorted({score.benchmark for score in rows})
    if len(benchmarks) > 1:
        raise InvalidRequest(
            f"row {gate.benchmark!r} is in the benchmarks {', '.join(benchmarks)}: name one of them"
        )
    rows = rows or _widest([one for one in scores if one.benchmark == gate.benchmark])
    if not rows:
        known = {name for one in scores for name in (one.row_name, one.benchmark) if name}
        raise InvalidRequest(
            f"the report has no row {gate.benchmark!r}{nearest(gate.benchmark, known)}"
        )
    return rows[0].row_name, rows


def _widest(scores: list[Score]) -> list[Score]:
    groups = [one for one in scores if one.kind == "group"]
    first = max(groups or scores, key=lambda one: one.n, default=None)
    return [one for one in scores if first is not None and one.row_name == first.row_name]


def _held_against(gate: Gate, row: Score, value: str, threshold: str) -> GateOutcome:
    about = f"{row.row_name} {row.metric} of {row.model}"
    if row.value is None:
        return _failed(gate, threshold, f"{about} has no value: {row.unscored} items unscored")
    score = Decimal(repr(row.value))
    return GateOutcome(
        name=gate.name,
        passed=_HOLDS[gate.operator](score, Decimal(value)),
        value=_shown(row.value),
        threshold=threshold,
        message=about[:256],
    )


def _place(gate: Gate, plan: Plan) -> tuple[str, str]:
    """Benchmark and subject that are compared; no subject: all of them."""
    named = [held for held in plan.subjects if held.row_name == gate.benchmark]
    if len(named) == 1:
        return named[0].benchmark, named[0].subject
    benchmarks = dict.fromkeys(held.benchmark for held in plan.subjects)
    if gate.benchmark in benchmarks:
        return gate.benchmark, ""
    whole = [
        group.benchmark
        for group in plan.groups
        if group.name == gate.benchmark
        and {held.row_name for held in plan.subjects if held.benchmark == group.benchmark}
        == {member.row for member in group.members}
    ]
    if len(whole) == 1:
        return whole[0], ""
    raise InvalidRequest(
        f"{gate.benchmark!r} is neither a benchmark of the run, nor a subject's row, nor the mean "
        f"over all of one: only these are compared item by item"
        f"{nearest(gate.benchmark, benchmarks)}"
    )


def _models(gate: Gate, run: StoredRun) -> list[str]:
    return [gate.model] if gate.model is not None else run.models


def _model_before(gate: Gate, baseline: Baseline, model: str, before: StoredRun) -> str:
    if baseline.model is not None:
        return baseline.model
    if model in before.models:
        return model
    if len(before.models) == 1:
        return before.models[0]
    raise InvalidRequest(
        f"the baseline has no model {model!r} but {', '.join(before.models)}: say which in "
        f"baseline.model of gate {gate.name!r}"
    )


def _compared(gate: Gate, before: StoredRun, run: StoredRun, pair: Pair) -> list[Comparison]:
    by_subject = compare(before, run, pair, by_subject=True)
    return [
        row
        for row in (*compare(before, run, pair), *by_subject)
        if gate.metric is None or row.metric == gate.metric
    ]


def _chosen(gate: Gate, rows: list[Comparison], benchmark: str, subject: str) -> Comparison:
    for row in rows:
        if (row.benchmark, row.subject) == (benchmark, subject):
            return row
    raise InvalidRequest(
        f"the baseline did not measure {gate.benchmark!r}"
        + (f" by {gate.metric!r}" if gate.metric else "")
    )


def _not_worse(gate: Gate, row: Comparison, significance: str, threshold: str) -> GateOutcome:
    if row.items == 0 or row.difference is None:
        why = row.remark or "no item was judged in both"
        return _failed(gate, threshold, f"it cannot be compared: {why}")
    is_lower = (row.difference < 0) == row.higher_is_better and row.difference != 0
    is_sure = row.p_value is not None and Decimal(repr(row.p_value)) < Decimal(significance)
    p_value = f", p {row.p_value:.3g} ({row.test})" if row.p_value is not None else ""
    left = f", {row.unpaired} judged in one only" if row.unpaired else ""
    return GateOutcome(
        name=gate.name,
        passed=not (is_lower and is_sure),
        value=_shown(row.second),
        threshold=threshold,
        message=f"{gate.benchmark} {row.metric} of {row.models.second}: {row.difference:+.2f} "
        f"against {_shown(row.first)} over {row.items} items{p_value}{left}"[:256],
    )


def _failed(gate: Gate, threshold: str, why: str) -> GateOutcome:
    return GateOutcome(name=gate.name, passed=False, threshold=threshold, message=why[:256])


def _shown(value: float | None) -> str:
    return "" if value is None else format(Decimal(f"{value:.6g}"), "f")
