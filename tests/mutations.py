"""Edits of manifests, most of them wrong, drawn from the schema of a CRD and a seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]
Path = tuple[str, ...]

STRANGE: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    0,
    2**63 - 1,
    -(2**63),
    "",
    " ",
    "x" * 5000,
    "\u202eabc",
    "\u0000",
    "零",
    "a/b",
    "../..",
    "{{ .x }}",
    "${x}",
    "1e9",
    [],
    [None],
    {},
    {"x": {"y": ["z"]}},
)
"""Values that something is wrong with nearly everywhere."""


def places(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Every field below a schema that stands in no list."""
    for name, held in schema.get("properties", {}).items():
        yield (*path, name), held
        yield from places(held, (*path, name))


def a_wrong_edit(schema: Schema, chance: random.Random) -> Schema:
    """A merge patch of a spec that is hardly ever valid."""
    found = list(places(schema))
    path, held = chance.choice(found)
    wrong: Any = chance.choice((*STRANGE, *_beyond(held)))
    if chance.random() < 0.15:
        path, wrong = (*path[:-1], chance.choice(("surprise", "$ref", "Parallelism"))), 1
    patch: Any = wrong
    for name in reversed(path):
        patch = {name: patch}
    return dict(patch)


def _beyond(schema: Schema) -> list[Any]:
    """Values just outside of what a field's bounds allow."""
    beyond: list[Any] = []
    if "minimum" in schema:
        beyond.append(schema["minimum"] - 1)
    if "maximum" in schema:
        beyond.append(schema["maximum"] + 1)
    if "maxLength" in schema:
        beyond.append("a" * (schema["maxLength"] + 1))
    if "maxItems" in schema:
        beyond.append([{}] * (schema["maxItems"] + 1))
    return beyond
