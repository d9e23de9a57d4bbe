"""The table as text, for a terminal and for report.txt.

Pure. Columns are measured in terminal cells, in which a Chinese character takes two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from kompass_api.results import Report
from kompass_worker.report.cells import FIXED_COLUMNS, cells_of
from kompass_worker.report.texts import printable

_GAP: Final = "  "


def table(report: Report) -> str:
    """Header, rule and rows, numbers to the right; ends with a line break."""
    cells = cells_of(report)
    lines = [[printable(cell) for cell in row] for row in (cells.header, *cells.rows)]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*lines, strict=True)]
    rule = _GAP.join("-" * width for width in widths)
    header, *rows = [_aligned(line, widths) for line in lines]
    return "\n".join([header, rule, *rows]) + "\n"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if column < len(FIXED_COLUMNS) else space + cell)
    return _GAP.join(padded).rstrip()
