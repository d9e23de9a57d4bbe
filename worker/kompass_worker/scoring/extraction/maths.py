"""Final answers of mathematical problems.

Pure. `math` and `math_v2` are the two post-processors of OpenCompass' MATH configurations.
"""

from __future__ import annotations

import re
from typing import Final

from kompass_worker.scoring.latex import boxed_answer, normalized

_SAYS_ANSWER: Final = re.compile("final answer|answer is")
_ANSWER_LINE: Final = re.compile(r"(?i)ANSWER\s*:\s*([^\n]+)")


def math(text: str) -> str:
    """The first sentence with "final answer", else the first sentence, in one spelling."""
    sentences = text.split(".")
    said = (sentence for sentence in sentences if "final answer" in sentence.lower())
    return normalized(next(said, sentences[0]))


def math_v2(text: str) -> str:
    r"""What the last \boxed{} holds, as written; else as `math`, also of "answer is"."""
    if boxed := boxed_answer(text, double_braces=True):
        return boxed
    sentences = text.split(".")
    said = (sentence for sentence in sentences if _SAYS_ANSWER.search(sentence.lower()))
    return normalized(next(said, sentences[0]))


def math_judgement(text: str) -> str:
    """What follows the first "Answer:" on its line, or nothing."""
    found = _ANSWER_LINE.search(text)
    return found[1] if found else ""


def last_boxed(text: str) -> str:
    r"""What the last \boxed{} holds, or nothing."""
    return boxed_answer(text) or ""
