"""Made-up recordings."""

from __future__ import annotations

from typing import Any

from parity.records import Item, Recording, Row


def item(name: str = "moons/0", **changes: Any) -> Item:
    """A written answer."""
    fields: dict[str, Any] = {
        "suite": "astronomy/made-up",
        "item": name,
        "prompts": {"": "How many moons has Mars?\nAnswer: "},
        "token_ids": {"": [1, 2, 3]},
        "generation": "B, two",
        "extracted": "B",
        "score": 1.0,
    }
    return Item(**(fields | changes))


def choice(name: str = "moons/0", **changes: Any) -> Item:
    """An answer chosen by likelihood."""
    fields: dict[str, Any] = {
        "prompts": {"A": "Mars: one", "B": "Mars: two"},
        "token_ids": {"A": [1, 2], "B": [1, 3]},
        "generation": None,
        "choice": "B",
        "values": {"A": 2.5, "B": 1.25},
        "extracted": None,
    }
    return item(name, **(fields | changes))


def row(name: str = "astronomy-moons", **changes: Any) -> Row:
    """A row of the table."""
    fields: dict[str, Any] = {
        "suite": "astronomy/made-up",
        "row": name,
        "value": 100.0,
        "version": "0ddba1",
    }
    return Row(**(fields | changes))


def recording(*records: Item | Row) -> Recording:
    """Items and rows of one side."""
    return Recording(
        items=[held for held in records if isinstance(held, Item)],
        rows=[held for held in records if isinstance(held, Row)],
    )
