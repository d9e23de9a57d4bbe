"""Tables of every command: for a terminal, and as JSON, CSV or Markdown.

What a model wrote is in these cells: no form lets it control a terminal.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kompass_worker.report.texts import json_safe, markdown, spreadsheet, visible

MISSING: Final = "-"
_DECIMALS: Final = 2
_GAP: Final = 2
_LEAST: Final = 10
_NO_TERMINAL: Final = 10_000
"""Columns of a page that is no terminal: nothing is wrapped, so that lines can be searched."""


class Output(StrEnum):
    """Form of a table."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


Value = str | int | float | bool | None
"""Of a cell; None is missing."""


@dataclass(frozen=True)
class Column:
    """A column: its key in JSON and CSV is its heading in the other forms."""

    key: str
    decimals: int = _DECIMALS
    right: bool = False
    only_data: bool = False
    """Whether tables for the eye leave it out."""
    narrow: bool = False
    """Whether it keeps its words in one line."""
    spare: bool = False
    """Whether a terminal that is too narrow for all columns does without it."""


@dataclass(frozen=True)
class Listing:
    """A table."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    title: str = ""

    def for_eyes(self) -> Listing:
        """Without the columns that only programs read."""
        kept = [place for place, column in enumerate(self.columns) if not column.only_data]
        return Listing(
            tuple(self.columns[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in self.rows),
            self.title,
        )

    def records(self) -> list[dict[str, Value]]:
        """An object a row."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]


def as_json(value: object) -> str:
    """Indented JSON with real letters, and escapes for what a terminal would obey."""
    return json_safe(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"


def as_csv(listing: Listing) -> str:
    """CSV with numbers in full; control characters are escaped, formulas quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in listing.columns])
    for row in listing.rows:
        writer.writerow([spreadsheet(visible(_exact(value), keep="\n\t")) for value in row])
    return out.getvalue()


def as_markdown(listing: Listing) -> str:
    """A table of GitHub's Markdown."""
    shown = listing.for_eyes()
    lines = [
        [markdown(column.key) for column in shown.columns],
        ["---:" if column.right else "---" for column in shown.columns],
        *(
            [markdown(visible(text(value, column))) for value, column in _cells(row, shown)]
            for row in shown.rows
        ),
    ]
    heading = f"## {markdown(shown.title)}\n\n" if shown.title else ""
    return heading + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_table(listing: Listing, room: int) -> Table:
    """A table for a terminal with so much room; long texts are wrapped, numbers never."""
    shown = _fitting(listing.for_eyes(), room)
    # A column's space and the border's, which is blank, make the gap.
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        header_style="bold",
    )
    for column, width in zip(shown.columns, _widths(shown, room), strict=True):
        table.add_column(
            Text(column.key),
            justify="right" if column.right else "left",
            overflow="fold",
            width=width,
        )
    for row in shown.rows:
        table.add_row(*(Text(visible(text(value, column))) for value, column in _cells(row, shown)))
    return table


def text(value: Value, column: Column) -> str:
    """A cell for the eye."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{column.decimals}f}"
    return str(value)


def show(listings: Mapping[str, Listing], output: Output, console: Console) -> None:
    """Write tables to a console; JSON holds several under their names, CSV lines follow."""
    if output is Output.JSON:
        records = {name: listing.records() for name, listing in listings.items()}
        only = next(iter(records.values())) if len(records) == 1 else records
        _write(console, as_json(only))
    elif output is Output.CSV:
        _write(console, "\n".join(as_csv(listing) for listing in listings.values()))
    elif output is Output.MD:
        _write(console, "\n".join(as_markdown(listing) for listing in listings.values()))
    else:
        _show_tables(list(listings.values()), console)


def page() -> Console:
    """Standard output; where it is no terminal nothing is wrapped."""
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = _NO_TERMINAL
    return console


def _show_tables(listings: Sequence[Listing], console: Console) -> None:
    for place, listing in enumerate(listings):
        if place:
            console.print()
        if listing.title:
            console.print(Text(listing.title, style="bold"), soft_wrap=True)
        table = as_table(listing, console.width)
        needed = max(_needed([column.width or 0 for column in table.columns]), 1)
        for line in console.render_lines(table, console.options.update(width=needed), pad=False):
            shown = Text.assemble(
                *((segment.text, segment.style or "") for segment in line if not segment.control)
            )
            shown.rstrip()
            console.print(shown, soft_wrap=True)


def _fitting(listing: Listing, room: int) -> Listing:
    """Without spare columns, the last first, until the rest has room."""
    while _needed(_natural(listing)) > room:
        spare = [place for place, column in enumerate(listing.columns) if column.spare]
        if not spare:
            break
        columns, last = listing.columns, spare[-1]
        listing = Listing(
            columns[:last] + columns[last + 1 :],
            tuple(row[:last] + row[last + 1 :] for row in listing.rows),
            listing.title,
        )
    return listing


def _widths(listing: Listing, room: int) -> list[int]:
    """Terminal cells of each column: the widest texts give way, down to some."""
    widths = _natural(listing)
    wrapped = [not (column.right or column.narrow) for column in listing.columns]
    while _needed(widths) > room:
        longest = max((width for width, may in zip(widths, wrapped, strict=True) if may), default=0)
        if longest <= _LEAST:
            break
        place = next(i for i, may in enumerate(wrapped) if may and widths[i] == longest)
        widths[place] -= 1
    return widths


def _natural(listing: Listing) -> list[int]:
    widths = [cell_len(column.key) for column in listing.columns]
    for row in listing.rows:
        for place, (value, column) in enumerate(_cells(row, listing)):
            widths[place] = max(widths[place], cell_len(visible(text(value, column))))
    return widths


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _write(console: Console, content: str) -> None:
    console.file.write(content)
    console.file.flush()


def _cells(row: tuple[Value, ...], listing: Listing) -> Sequence[tuple[Value, Column]]:
    return list(zip(row, listing.columns, strict=True))


def _exact(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
