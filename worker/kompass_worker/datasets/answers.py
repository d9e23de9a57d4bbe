"""What people write where a choice is wanted: ` a`, `(A)`, `Ａ．`, where one alone can be meant.

Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Final

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of, metric_of

LETTERS: Final = tuple(ascii_uppercase)
"""What an answer can be where nothing says how many options there are."""

_READS_A_LETTER: Final = {"first_capital", "first_option"}

_LETTER: Final = re.compile(r"""[(\[{<"'“‘「【]*\s*([A-Za-z])\s*[)\]}>"'”’」】.。,、:;]*""")
"""One letter in brackets or quotes, or before a stop; after NFKC, so `（Ａ）．` is one too."""


def choices_of(spec: BenchmarkSpec, subject: Subject) -> tuple[str, ...]:
    """The answers that a reference can be; none where it is a text of its own."""
    if spec.prompt.label_names:
        return tuple(spec.prompt.label_names)
    options = metric_of(spec, subject).arguments.get("options", "")
    if options:
        return tuple(letter for letter in options if letter.isalpha())
    chain = extraction_of(spec, subject)
    if not chain or chain[-1].name.partition("@")[0] not in _READS_A_LETTER:
        return ()
    return tuple(chain[-1].arguments.get("options", LETTERS))


def settled(answer: str, choices: Sequence[str]) -> str | None:
    """The choice that an answer means; None where it may mean several, or none."""
    if answer in choices:
        return answer
    meant = [choice for choice in choices if _key(choice) == _key(answer)]
    if not meant:
        letter = _LETTER.fullmatch(_plain(answer))
        meant = [held for held in choices if letter and _key(held) == _key(letter[1])]
    return meant[0] if len(meant) == 1 else None


def hint(answer: str, choices: Sequence[str], fields: Mapping[str, object]) -> str:
    """What the answer may have been meant as, for a person; empty where nothing is known."""
    texts = [choice for choice in choices if fields.get(choice) == answer]
    if len(texts) == 1:
        return f": it is the text of {texts[0]}, so write {texts[0]}"
    if answer.strip().isdecimal():
        return ": a number may count from 0 or from 1, so write the answer itself"
    if len([letter for letter in answer if letter in choices]) > 1:
        return ": several are named, so write the one that is right"
    return ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _key(text: str) -> str:
    return _plain(text).casefold()
