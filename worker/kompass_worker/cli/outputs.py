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
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kompass_worker.report.texts import json_safe, markdown, spreadsheet, visible

MISSING: Final = "-"
_DECIMALS: Final = 2
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


def as_table(listing: Listing) -> Table:
    """A table for the terminal; long cells are wrapped."""
    shown = listing.for_eyes()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in shown.columns:
        table.add_column(
            Text(column.key),
            justify="right" if column.right else "left",
            no_wrap=column.right or column.narrow,
            overflow="fold",
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
        lines = console.render_lines(as_table(listing), pad=False)
        for line in lines:
            shown = Text.assemble(
                *((segment.text, segment.style or "") for segment in line if not segment.control)
            )
            shown.rstrip()
            console.print(shown, soft_wrap=True)


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
