"""Answers of AGIEval's problems, as its authors' scripts read them.

Pure.
"""

from __future__ import annotations

import re
from typing import Final

from kompass_worker.scoring.latex import last_box

_PREFIXES: Final = ("The answer is therefore", "答案是")
_DOLLARS: Final = re.compile(r"\$(.*)\$")
# Digits are taken whole and from their first on: a long row of them is read once, not from each.
_NUMBER: Final = re.compile(r"\$?(?<!\d)\d++(?:\.\d++)?(?!\w)")
_CAPITAL: Final = re.compile("[A-Z]")
_SAID: Final = {
    "en": re.compile("answer is .*?([A-G])"),
    "zh": re.compile("答案是.*?([A-G])"),
}


def agieval_math(text: str) -> str:
    r"""A cloze problem's answer: of the last box, between dollar signs, behind "=", or a number."""
    said = _without_prefix(text)
    if "\\boxed" in said:
        return _of_box(said)
    return _between_dollars(said) or _plain(said)


def agieval_last_line(text: str) -> str:
    """The last line that is not blank; the text where all are."""
    return next((line for line in reversed(text.split("\n")) if line.strip()), text)


def agieval_letter(text: str) -> str:
    """The first of the letters A to F, or nothing."""
    return next((character for character in text if character in "ABCDEF"), "")


def agieval_letters(text: str) -> str:
    """All capital letters from A to Z in their order of the text: "(A)(C)" gives AC."""
    return "".join(_CAPITAL.findall(text))


def agieval_few_shot_en(text: str) -> str:
    """The first letter A to G behind "answer is ", else the first A to F."""
    return _said(text, "en")


def agieval_few_shot_zh(text: str) -> str:
    """The first letter A to G behind "答案是", else the first A to F."""
    return _said(text, "zh")


def _said(text: str, language: str) -> str:
    found = _SAID[language].search(text)
    return found[1] if found else agieval_letter(text)


def _without_prefix(text: str) -> str:
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            text = text[len(prefix) :].strip()
        elif prefix in text:
            text = text.rpartition(prefix)[2].strip()
    return text


def _of_box(text: str) -> str:
    box = last_box(text)
    if box is None or not box.startswith("\\boxed{"):
        return ""
    return _right_side(box[len("\\boxed{") : -1])


def _between_dollars(text: str) -> str:
    found = _DOLLARS.findall(text)
    return _right_side(found[-1]) if found else ""


def _plain(text: str) -> str:
    if "=" not in text:
        numbers = _NUMBER.findall(text)
        return numbers[-1] if numbers else ""
    # The data writes a line end as the two characters \n.
    return text.rsplit("=", maxsplit=1)[-1].lstrip(" ").rstrip(".").split("\\n")[0]


def _right_side(formula: str) -> str:
    return formula.rsplit("=", maxsplit=1)[-1].lstrip(" ") if "=" in formula else formula
