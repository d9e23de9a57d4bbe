"""Named rules that read an answer out of what a model wrote.

Pure. A rule never changes under its name: a better one gets another name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kompass_api.benchmark import Extraction


def whole(text: str) -> str:
    """The text as it is."""
    return text


def first_capital(text: str) -> str:
    """The first upper-case character of any script, or nothing: "The answer is C" gives T."""
    return next((character for character in text if character.isupper()), "")


EXTRACTIONS: Final[Mapping[Extraction, Callable[[str], str]]] = {
    Extraction.NONE: whole,
    Extraction.FIRST_CAPITAL: first_capital,
}
