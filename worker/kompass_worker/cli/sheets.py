"""Samples and comparisons as tables.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kompass_worker.cli.outputs import Column, Listing, Value
from kompass_worker.runs.comparison import Comparison
from kompass_worker.runs.inspection import Inspected, Mark

_HEAD: Final = 140
_TAIL: Final = 60
_HASH: Final = 8
_P_DECIMALS: Final = 4


def shortened(text: str) -> str:
    """Beginning and end of a long text: answers stand at either."""
    left_out = len(text) - _HEAD - _TAIL
    if left_out <= 0:
        return text
    return f"{text[:_HEAD]} … {left_out} characters … {text[-_TAIL:]}"


def inspection_sheet(items: Sequence[Inspected], *, in_full: bool) -> Listing:
    """Items side by side: what was asked, said, read and expected."""
    several = len({item.sample.model for item in items}) > 1
    columns = (
        Column("item"),
        Column("model", only_data=not several),
        Column("verdict"),
        Column("prompt", narrow=True, spare=True),
        Column("prediction"),
        Column("extracted"),
        Column("reference"),
        Column("score", only_data=True),
        Column("unscoredReason", only_data=True),
        Column("reasoning", only_data=True),
        Column("finishReason", only_data=True),
        Column("tokensIn", only_data=True),
        Column("tokensOut", only_data=True),
        Column("examples", only_data=True),
        Column("examplesDropped", only_data=True),
    )
    return Listing(columns, tuple(_item(item, in_full=in_full) for item in items))


def comparison_sheet(rows: Sequence[Comparison], *, by_subject: bool) -> Listing:
    """A row for each benchmark: both numbers, the difference, and whether chance explains it."""
    several = len({row.models for row in rows}) > 1
    metrics = len({row.metric for row in rows}) > 1
    columns = (
        Column("benchmark"),
        Column("subject", only_data=not by_subject),
        Column("models", only_data=not several),
        Column("metric", only_data=not metrics),
        Column("higherIsBetter", only_data=True),
        Column("mode", only_data=True),
        Column("items", right=True),
        Column("first", right=True),
        Column("second", right=True),
        Column("difference", right=True),
        Column("stderr", only_data=True),
        Column("low", right=True, only_data=True),
        Column("high", right=True, only_data=True),
        Column("95 % interval", right=True, spare=True),
        Column("p", right=True, decimals=_P_DECIMALS),
        Column("test", only_data=True),
        Column("better", right=True),
        Column("worse", right=True),
        Column("unpaired", right=True, only_data=not any(row.unpaired for row in rows)),
        Column("remark", only_data=True),
    )
    return Listing(columns, tuple(_compared(row) for row in rows))


def remarks_of(rows: Iterable[Comparison]) -> list[str]:
    """What keeps rows from being compared, a line each."""
    return [
        f"{row.benchmark}{f' {row.subject}' if row.subject else ''}: {row.remark}"
        for row in rows
        if row.remark
    ]


def changes_sheet(rows: Sequence[Comparison], *, in_full: bool) -> Listing:
    """Every item that changed: what both runs said to it."""
    several = len({row.models for row in rows}) > 1
    columns = (
        Column("item"),
        Column("model", only_data=not several),
        Column("change", narrow=True),
        Column("first prediction"),
        Column("first"),
        Column("second prediction"),
        Column("second"),
        Column("reference"),
    )
    return Listing(columns, tuple(row for held in rows for row in _changes(held, in_full=in_full)))


def _item(item: Inspected, *, in_full: bool) -> tuple[Value, ...]:
    sample = item.sample
    prediction = sample.prediction if in_full else shortened(sample.prediction)
    return (
        sample.item,
        sample.model,
        _verdict(item),
        _short_hash(sample.prompt_hash),
        prediction,
        sample.extracted,
        sample.reference,
        sample.score,
        sample.unscored_reason,
        sample.reasoning or None,
        sample.finish_reason,
        sample.tokens_in,
        sample.tokens_out,
        sample.examples,
        sample.examples_dropped,
    )


def _verdict(item: Inspected) -> str:
    """What holds of an item; a number that is no share of what is right stands for itself."""
    return ", ".join(
        f"{item.sample.score:.4g}" if mark is Mark.MEASURED else mark.value for mark in item.marks
    )


def _compared(row: Comparison) -> tuple[Value, ...]:
    interval = None
    if row.low is not None and row.high is not None:
        interval = f"{row.low:+.2f} to {row.high:+.2f}"
    return (
        row.benchmark,
        row.subject or None,
        row.models.first if row.models.first == row.models.second else ":".join(row.models),
        row.metric,
        row.higher_is_better,
        row.mode,
        row.items,
        row.first,
        row.second,
        row.difference,
        row.stderr,
        row.low,
        row.high,
        interval,
        row.p_value,
        row.test or None,
        row.better,
        row.worse,
        row.unpaired,
        row.remark or None,
    )


def _changes(row: Comparison, *, in_full: bool) -> Iterable[tuple[Value, ...]]:
    for change in sorted(row.changes, key=lambda held: held.is_better):
        one, other = change.first, change.second
        said = [held.prediction if in_full else shortened(held.prediction) for held in (one, other)]
        yield (
            change.item,
            other.model,
            "better" if change.is_better else "worse",
            said[0],
            one.extracted,
            said[1],
            other.extracted,
            other.reference,
        )


def _short_hash(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_HASH]
