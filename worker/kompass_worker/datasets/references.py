"""Whether reference answers can be right at all: a typing error in the data is not a low score.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Final

from kompass_api.benchmark import BenchmarkSpec
from kompass_worker.datasets.rows import Row
from kompass_worker.datasets.values import kind_of
from kompass_worker.errors import InvalidData

_MIN_LABELS: Final = 2


def check_references(spec: BenchmarkSpec, rows: Sequence[Row], file: str) -> None:
    """Refuse the first row whose answer no prediction could equal; an absent answer passes."""
    labels = spec.prompt.label_names
    reads_capital = [step.name for step in spec.extraction] == ["first_capital"]
    for row in rows:
        _check_labels(spec, row, file)
        if not row.reference:
            continue
        if labels and row.reference not in labels:
            raise _refusal(spec, row, file, f"one of {', '.join(labels)}")
        if reads_capital and row.reference not in tuple(ascii_uppercase):
            raise _refusal(spec, row, file, "one capital letter")


def _check_labels(spec: BenchmarkSpec, row: Row, file: str) -> None:
    column = spec.prompt.labels_column
    if column is None:
        return
    labels = row.fields.get(column)
    if not isinstance(labels, list) or len(labels) < _MIN_LABELS:
        found = f"a list of {len(labels)}" if isinstance(labels, list) else kind_of(labels)
        raise InvalidData(
            f"{file} {row.place}: prompt.labelsColumn {column} is {found}; expected a list of two "
            "or more answers: make one with data.columns, such as split(column, '; ')"
        )
    places = [str(place) for place in range(len(labels))]
    if spec.metric.name == "accuracy" and row.reference and row.reference not in places:
        raise _refusal(spec, row, file, f"a place in {column}, from 0 to {places[-1]}")


def _refusal(spec: BenchmarkSpec, row: Row, file: str, expected: str) -> InvalidData:
    return InvalidData(
        f"{file} {row.place}: {spec.data.output_column} is {row.reference[:60]!r}; "
        f"expected {expected}"
    )
