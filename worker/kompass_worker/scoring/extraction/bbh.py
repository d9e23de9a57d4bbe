"""Answers of BIG-Bench Hard: a letter, or free text.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_INTRODUCTION: Final = "answer is "
_BRACKETED: Final = re.compile(r"\(([A-Z])")
_CAPITAL: Final = re.compile("[A-Z]")
_ANY_INTRODUCTION: Final = re.compile(r"answer is\s*:?\s*", re.IGNORECASE)
_BOLD: Final = re.compile(r"\*\*(.*?)\*\*")
_TRUTHS: Final = (
    re.compile(r"(yes|no)\b", re.IGNORECASE),
    re.compile(r"(true|false)\b", re.IGNORECASE),
)
_NUMBERS: Final = re.compile(r"\d\s*,\s*\d")
_COMMA: Final = re.compile(r"\s*,\s*")
_SPACES: Final = re.compile(r"\s+")


def bbh_mcq(text: str) -> str:
    """Behind the first "answer is ": the first letter in brackets, else the first capital."""
    said = _after_introduction(text)
    if bracketed := _BRACKETED.search(said):
        return bracketed[1]
    capital = _CAPITAL.search(said)
    return capital[0] if capital else said


def bbh_freeform_0_2_4(text: str) -> str:
    """What follows the first "answer is " on its line, without a full stop."""
    return _after_introduction(text).split("\n")[0].removesuffix(".")


def bbh_freeform_0_5(text: str) -> str:
    """What follows the last "answer is" on its line: bold words, yes or no, or words in a row."""
    parts = _ANY_INTRODUCTION.split(text)
    said = parts[-1].strip() if len(parts) > 1 else text
    line = said.split("\n")[0].strip()
    if line.endswith("."):
        line = line[:-1].strip()
    if bold := _BOLD.search(line):
        line = bold[1].strip()
    for truth in _TRUTHS:
        if found := truth.match(line):
            return found[1].capitalize()
    if not _NUMBERS.search(line):
        line = _COMMA.sub(" ", line)
    return _SPACES.sub(" ", line).strip()


def _after_introduction(text: str) -> str:
    parts = text.split(_INTRODUCTION)
    return parts[1].strip() if len(parts) > 1 else text
