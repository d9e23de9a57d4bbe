"""The table of a report on standard output."""

from __future__ import annotations

import sys

from rich.console import Console

from kompass_api.results import Report
from kompass_worker.cli.outputs import Column, Listing, Output, as_json, show
from kompass_worker.report import table
from kompass_worker.report.cells import FIXED_COLUMNS, cells_of


def show_scores(report: Report, output: Output) -> None:
    """Print it; JSON has every score with its error bar."""
    if output is Output.TABLE:
        sys.stdout.write(f"\n{table(report)}\n")
    elif output is Output.JSON:
        scores = [held.model_dump(mode="json", by_alias=True) for held in report.scores]
        sys.stdout.write(as_json(scores))
    else:
        show({"scores": _listing(report)}, output, Console(file=sys.stdout))
    sys.stdout.flush()


def _listing(report: Report) -> Listing:
    cells = cells_of(report)
    columns = [
        Column(name, right=place >= len(FIXED_COLUMNS)) for place, name in enumerate(cells.header)
    ]
    return Listing(tuple(columns), cells.rows)
