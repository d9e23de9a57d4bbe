"""Answers that are numbers.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

_ANY_NUMBER: Final = re.compile(r"-?\d*\.?\d+")
_GSM8K_NUMBER: Final = re.compile(r"-?\d+\.\d+|-?\d+")
_GSM8K_MARK: Final = "#### "


def first_number(text: str) -> str:
    """The first whole or decimal number as Python prints it as a float, or nothing: "3" is 3.0."""
    found = _ANY_NUMBER.search(text)
    return str(float(found[0])) if found else ""


def gsm8k(text: str) -> str:
    """The last number before a next "Question:", as it is written; NULL where there is none."""
    numbers = _GSM8K_NUMBER.findall(text.split("Question:", maxsplit=1)[0])
    return numbers[-1] if numbers else "NULL"


def gsm8k_dataset(text: str) -> str:
    """The answer behind the first "#### " of a GSM8K solution, without commas; or nothing."""
    parts = text.split(_GSM8K_MARK)
    return parts[1].replace(",", "") if len(parts) > 1 else ""
