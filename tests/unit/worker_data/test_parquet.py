"""Parquet files, as the hub has them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from unit.worker_data.builders import TOY, data_of

from kompass_worker.datasets import Row, read_rows
from kompass_worker.datasets.columns import names_of
from kompass_worker.datasets.parquet import parquet as read_parquet
from kompass_worker.errors import InvalidData


def read(folder: Path, rows: list[dict[str, Any]], **changes: Any) -> list[Row]:
    parquet.write_table(pa.Table.from_pylist(rows), folder / "toy.parquet")
    return read_rows(folder, data_of(format="Parquet", **changes), TOY.name, "val")


def test_rows_are_those_of_json(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": "q", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answer": 1},
        {"question": "r", "choices": None, "answer": 0},
    ]
    columns = [{"name": "answer", "expression": "letter(answer)"}]
    first, second = read(tmp_path, rows, columns=columns)
    assert first.values == (
        ("question", "q"),
        ("choices", "{'text': ['x', 'y'], 'label': ['A', 'B']}"),
        ("answer", "B"),
    )
    assert first.fields["choices"] == rows[0]["choices"]
    assert (second.fields["choices"], second.reference, second.place) == (None, "A", "row 2")


def test_dates_and_decimals_are_text(tmp_path: Path) -> None:
    row = {"question": date(2024, 5, 1), "price": [Decimal("1.50")], "answer": "A"}
    (only,) = read(tmp_path, [row])
    assert only.fields == {"question": "2024-05-01", "price": ["1.50"], "answer": "A"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(
            [{"frage": "q", "answer": "A"}],
            "toy.parquet row 1: no field 'question' (found: frage, answer; expected: question)",
            id="no-column",
        ),
        pytest.param(
            [{"question": "q", "image": b"x"}],
            "toy.parquet row 1: field 'image' has a bytes; expected text, numbers or lists",
            id="picture",
        ),
        pytest.param(
            [{"question": "q", "score": 1.0}, {"question": "q", "score": float("nan")}],
            "toy.parquet row 2: field 'score' has nan, which is no number; expected a number or "
            "null",
            id="nan",
        ),
        pytest.param([], "toy.parquet has no rows; expected at least one", id="no-rows"),
    ],
)
def test_wrong_rows_are_refused(rows: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, rows)
    assert str(caught.value) == message


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy.parquet").write_bytes(b"question,answer\nq,A\n")
    with pytest.raises(InvalidData, match=r"toy.parquet is no Parquet file that can be read: "):
        read_rows(tmp_path, data_of(format="Parquet"), TOY.name, "val")


def test_a_small_file_that_unpacks_to_more_than_fits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy.parquet"
    parquet.write_table(pa.table({"question": ["x" * 1000] * 1000}), path)
    assert path.stat().st_size < 10_000
    names = names_of(data_of(), exact=True)
    with pytest.raises(InvalidData, match=r"has more than 100000 bytes when unpacked; expected"):
        read_parquet(path, "toy.parquet", names, max_bytes=100_000)
