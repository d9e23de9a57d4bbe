"""Named rules that read an answer out of what a model wrote.

Pure. A rule never changes under its name: a better one gets another name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final


def first_capital(text: str) -> str:
    """The first upper-case character of any script, or nothing: "The answer is C" gives T."""
    return next((character for character in text if character.isupper()), "")


EXTRACTIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "first_capital": first_capital,
}
