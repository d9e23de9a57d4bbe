"""The edges of `kompass inspect` and `kompass compare`: read finished runs, print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kompass_api.sources import S3Connection
from kompass_worker.cli.ending import say
from kompass_worker.cli.outputs import Output, page, show
from kompass_worker.cli.sheets import (
    changes_sheet,
    comparison_sheet,
    inspection_sheet,
    remarks_of,
)
from kompass_worker.cli.usage import Status, WrongUsage
from kompass_worker.runs.comparison import Comparison, Pair, compare
from kompass_worker.runs.inspection import Filter, chosen
from kompass_worker.runs.reading import open_run


class Looked(NamedTuple):
    """How items are shown."""

    output: Output
    limit: int
    in_full: bool


def inspect_run(location: str, s3: S3Connection, wanted: Filter, how: Looked) -> Status:
    """Print the items of a run that are wanted."""
    items = chosen(open_run(location, s3), wanted)
    is_table = how.output in {Output.TABLE, Output.MD}
    shown = items[: how.limit or None] if is_table else items
    sheet = inspection_sheet(shown, in_full=how.in_full or not is_table)
    if items or how.output is not Output.TABLE:
        show({"items": sheet}, how.output, page())
    left = len(items) - len(shown)
    said = f"{len(items)} items"
    say(f"{said}; {left} of them not shown: --limit 0 shows all" if left else said)
    return Status.SUCCEEDED


@dataclass(frozen=True)
class CompareWish:
    """What is to be compared, and how it is shown."""

    first: str
    second: str
    s3: S3Connection
    models: str | None
    by_subject: bool
    items: bool
    different: bool
    in_full: bool
    output: Output


def compare_runs(wish: CompareWish) -> Status:
    """Print the comparison of two runs."""
    rows = compare(
        open_run(wish.first, wish.s3),
        open_run(wish.second, wish.s3),
        _pair(wish.models),
        by_subject=wish.by_subject,
        different=wish.different,
    )
    if not rows:
        raise WrongUsage(f"{wish.first} and {wish.second} have no benchmark in common")
    sheets = {"benchmarks": comparison_sheet(rows, by_subject=wish.by_subject)}
    if wish.items:
        in_full = wish.in_full or wish.output not in {Output.TABLE, Output.MD}
        sheets["items"] = changes_sheet(rows, in_full=in_full)
        if wish.output is Output.CSV:
            del sheets["benchmarks"]
        elif wish.output is not Output.JSON and not sheets["items"].rows:
            del sheets["items"]
    show(sheets, wish.output, page())
    for remark in remarks_of(rows):
        say(remark)
    return _compared(rows)


def _compared(rows: Sequence[Comparison]) -> Status:
    if any(row.items for row in rows):
        return Status.SUCCEEDED
    unlike = any(row.remark for row in rows)
    raise WrongUsage(
        "the content of every benchmark differs between the runs (data, prompt, limits, extraction "
        "or metric): what they measured is not the same; --different compares it all the same"
        if unlike
        else "no item was judged in both runs"
    )


def _pair(text: str | None) -> Pair | None:
    if text is None:
        return None
    first, colon, second = text.partition(":")
    if not first or (colon and not second):
        raise WrongUsage(f"--models {text!r}: expected FIRST:SECOND, such as small:large")
    return Pair(first, second or first)
