"""Every form of a table shows the same, and none lets a model's text control a terminal."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.console import Console

from kompass_worker.cli.outputs import Column, Listing, Output, Value, show

COLUMNS = (
    Column("name"),
    Column("value", right=True),
    Column("digest", only_data=True),
)
HOSTILE = "\x1b]0;owned\x07\x9b2J\u202e\u2066\r\x00\x7f|<b>[red]=1"


def shown(output: Output, *rows: tuple[Value, ...], width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
    show({"rows": Listing(COLUMNS, rows, "Rows")}, output, console)
    return out.getvalue()


@pytest.mark.parametrize("output", list(Output))
@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_hostile_comes_through(output: Output, terminal: bool) -> None:
    text = shown(output, (HOSTILE, 1.0, HOSTILE), terminal=terminal)
    # Bold headings are the console's own.
    rest = text.replace("\x1b[1m", "").replace("\x1b[0m", "") if terminal else text
    assert all(character.isprintable() or character == "\n" for character in rest)


def test_json_loses_nothing() -> None:
    found = json.loads(shown(Output.JSON, (HOSTILE + "\U000e0001𝔘", 1 / 3, None)))
    assert found == [{"name": HOSTILE + "\U000e0001𝔘", "value": 1 / 3, "digest": None}]


def test_csv_has_numbers_in_full_and_all_columns() -> None:
    found = list(csv.reader(io.StringIO(shown(Output.CSV, ("a,\nb", 1 / 3, None)))))
    assert found == [["name", "value", "digest"], ["a,\nb", repr(1 / 3), ""]]


def test_markdown_is_a_table() -> None:
    assert shown(Output.MD, ("a|b", 2.675, "x"), ("", None, "y")).splitlines() == [
        "## Rows",
        "",
        "| name | value |",
        "| --- | ---: |",
        r"| a\|b | 2.67 |",
        "| - | - |",
    ]


def test_a_table_fits_the_terminal() -> None:
    text = shown(Output.TABLE, ("word " * 40, 1.5, ""), width=40, terminal=True)
    assert max(map(len, text.splitlines())) <= 40
    assert text.count("word") == 40


def test_lines_of_a_pipe_are_not_wrapped() -> None:
    text = shown(Output.TABLE, ("word " * 40, 1.5, ""), width=10_000)
    assert len(text.splitlines()) == 4


def test_several_tables_have_names_in_json() -> None:
    out = io.StringIO()
    listing = Listing(COLUMNS[:1], (("a",),))
    show({"one": listing, "two": listing}, Output.JSON, Console(file=out))
    assert json.loads(out.getvalue()) == {"one": [{"name": "a"}], "two": [{"name": "a"}]}
