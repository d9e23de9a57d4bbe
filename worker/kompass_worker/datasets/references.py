"""Whether reference answers can be right at all: a typing error in the data is not a low score.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from kompass_api.benchmark import BenchmarkSpec
from kompass_worker.datasets.rows import Row
from kompass_worker.errors import InvalidData


def check_references(spec: BenchmarkSpec, rows: Sequence[Row], file: str) -> None:
    """Refuse the first row whose answer no prediction could equal; an absent answer passes."""
    labels = spec.prompt.label_names
    reads_capital = [step.name for step in spec.extraction] == ["first_capital"]
    for row in rows:
        if not row.reference:
            continue
        if labels and row.reference not in labels:
            raise _refusal(spec, row, file, f"one of {', '.join(labels)}")
        if reads_capital and row.reference not in tuple(ascii_uppercase):
            raise _refusal(spec, row, file, "one capital letter")


def _refusal(spec: BenchmarkSpec, row: Row, file: str, expected: str) -> InvalidData:
    return InvalidData(
        f"{file} {row.place}: {spec.data.output_column} is {row.reference[:60]!r}; "
        f"expected {expected}"
    )
