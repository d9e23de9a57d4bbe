"""Answers that are capital letters.

Pure. A capital is one of any script, as Unicode has it.
"""

from __future__ import annotations

import re
from typing import Final

_LETTERS_A_TO_D: Final = re.compile("[A-D]+")


def first_capital(text: str) -> str:
    """The first capital, or nothing: "The answer is C" gives T."""
    return next((character for character in text if character.isupper()), "")


def last_capital(text: str) -> str:
    """The last capital, or nothing."""
    return first_capital(text[::-1])


def first_capital_multi(text: str) -> str:
    """The first run of the letters A to D: "选 ACD。" gives ACD."""
    found = _LETTERS_A_TO_D.search(text)
    return found[0] if found else ""


def multiple_select(text: str) -> str:
    """All different capitals of the text in their order: "C, A 和 C" gives AC."""
    return "".join(sorted({character for character in text if character.isupper()}))
