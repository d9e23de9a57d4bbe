"""Text of others made harmless for the place it goes to.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]#|~])")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BEYOND_BMP: Final = 0xFFFF


def printable(text: str) -> str:
    """Without control characters, which could move a terminal's cursor."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def visible(text: str, *, keep: str = "") -> str:
    r"""With an escape such as \x1b or \n where a character would not be seen or would do something.

    Control characters, marks that turn the direction of writing, and lone surrogates are among
    them; those in `keep` stay.
    """
    return "".join(
        character if character.isprintable() or character in keep else _escape(character)
        for character in text
    )


def json_safe(text: str) -> str:
    """JSON text that says the same, with every unprintable character in its escaped form."""
    return "".join(
        character if character.isprintable() or character == "\n" else _json_escape(character)
        for character in text
    )


def markdown(text: str) -> str:
    """As it is on a rendered page: neither markup nor HTML nor a table's border."""
    safe = "".join(_ENTITIES.get(character, character) for character in printable(text))
    return _MARKDOWN.sub(r"\\\1", safe)


def spreadsheet(text: str) -> str:
    """With a leading quote where a spreadsheet would take it for a formula (CSV injection)."""
    is_formula = len(text) > 1 and text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def _escape(character: str) -> str:
    return _SHORT.get(character) or character.encode("unicode_escape").decode("ascii")


def _json_escape(character: str) -> str:
    code = ord(character)
    if code <= _BEYOND_BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
