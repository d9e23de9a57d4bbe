"""What one side did, as JSON lines: an item a line, a row of the table a line.

Kompass and the peers' recorders write the same form; the recorders run under the peers' Python, so
they write plain dictionaries with these keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A line of a recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(Record):
    """What happened to one item."""

    kind: Literal["item"] = "item"
    suite: str
    item: str
    """`<subject>/<row>`."""
    prompts: dict[str, str]
    """The text a model was given; one for each label, or one called "" for generated answers."""
    token_ids: dict[str, list[int]] = {}
    """The tokens of each, after a cut."""
    generation: str | None = None
    choice: str | None = None
    values: dict[str, float] = {}
    """Likelihood of each label."""
    extracted: str | None = None
    score: float | None = None


class Row(Record):
    """A row of the table."""

    kind: Literal["row"] = "row"
    suite: str
    row: str
    is_group: bool = False
    value: float | None
    """In percent, unrounded."""
    version: str | None = None
    """Six digits; none for a group."""


class Recording(Record):
    """All of one side for one model."""

    items: list[Item]
    rows: list[Row]


def joined(parts: Iterable[Recording]) -> Recording:
    """Several recordings as one."""
    held = list(parts)
    return Recording(
        items=[item for part in held for item in part.items],
        rows=[row for part in held for row in part.rows],
    )


def read_recording(path: Path) -> Recording:
    """The lines of a file."""
    items: list[Item] = []
    rows: list[Row] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            held = json.loads(line)
            if held["kind"] == "item":
                items.append(Item.model_validate(held))
            else:
                rows.append(Row.model_validate(held))
    return Recording(items=items, rows=rows)


def write_recording(path: Path, records: Iterable[Item | Row]) -> None:
    """One line for each record, in a file that is there only once it is whole."""
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as lines:
        for record in records:
            lines.write(record.model_dump_json() + "\n")
    new.replace(path)
