"""Text of others made harmless for the place it goes to.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]#|~])")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def printable(text: str) -> str:
    """Without control characters, which could move a terminal's cursor."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def markdown(text: str) -> str:
    """As it is on a rendered page: neither markup nor HTML nor a table's border."""
    safe = "".join(_ENTITIES.get(character, character) for character in printable(text))
    return _MARKDOWN.sub(r"\\\1", safe)


def spreadsheet(text: str) -> str:
    """With a leading quote where a spreadsheet would take it for a formula (CSV injection)."""
    return f"'{text}" if len(text) > 1 and text.startswith(_FORMULA) else text
