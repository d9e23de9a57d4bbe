"""report.txt in the four sections of OpenCompass' text summary, for programs that read those.

Pure. Its first line is the run's name where OpenCompass has the time: the same report is the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kompass_api.results import Report
from kompass_worker.report.cells import cells_of, models_of
from kompass_worker.report.table import table
from kompass_worker.report.texts import printable

_WIDTH: Final = 128
_BEGIN: Final = "^" * _WIDTH
_END: Final = "$" * _WIDTH
_DIVIDER: Final = f"{'-' * _WIDTH} THIS IS A DIVIDER {'-' * _WIDTH}"
_MODEL_RULE: Final = "-" * 31


def sections(report: Report) -> str:
    """Table, CSV and Markdown of what people read, and every number unrounded."""
    lines = [[printable(cell) for cell in row] for row in _rows(report)]
    parts = [
        report.run,
        _section("tabulate", table(report)),
        f"\n{_DIVIDER}\n",
        _section("csv", _comma_separated(lines)),
        "",
        _section("markdown", _markdown(lines) + "\n"),
        f"{_DIVIDER}\n",
        _section("raw", "".join(f"{line}\n" for line in _raw(report))),
    ]
    return "".join(f"{part}\n" for part in parts)


def _rows(report: Report) -> list[tuple[str, ...]]:
    cells = cells_of(report)
    return [cells.header, *cells.rows]


def _section(form: str, text: str) -> str:
    return f"{form} format\n{_BEGIN}\n{text}{_END}"


def _comma_separated(lines: list[list[str]]) -> str:
    return "".join(f"{','.join(cells)}\n" for cells in lines)


def _markdown(lines: list[list[str]]) -> str:
    header, *rows = lines
    rule = f"|{' | '.join(['-----'] * len(header))}|\n"
    held = [f"| {' | '.join(cells)} |\n" for cells in (header, *rows)]
    return "".join([held[0], rule, *held[1:]])


def _raw(report: Report) -> Iterator[str]:
    """Of each model every row with its numbers, as Python writes a dictionary."""
    rows = dict.fromkeys((score.benchmark, score.row_name) for score in report.scores)
    for model in models_of(report):
        numbers: dict[tuple[str, str], dict[str, float]] = {row: {} for row in rows}
        for score in report.scores:
            if score.model == model and score.value is not None:
                numbers[score.benchmark, score.row_name][score.metric] = score.value
        yield _MODEL_RULE
        yield f"Model: {printable(model)}"
        yield from (f"{printable(row[1])}: {held}" for row, held in numbers.items())
