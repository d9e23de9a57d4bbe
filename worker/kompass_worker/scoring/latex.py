r"""LaTeX of final answers: what stands in a box, and one spelling for what means the same.

Pure. The replacements are those of the Minerva paper (Lewkowycz et al. 2022, appendix D), in
OpenCompass' order, which decides: a later one sees what an earlier one left.
"""

from __future__ import annotations

import re
from typing import Final

_SPELLINGS: Final = (
    ("an ", ""),
    ("a ", ""),
    (".$", "$"),
    ("\\$", ""),
    ("\\ ", ""),
    (" ", ""),
    ("mbox", "text"),
    (",\\text{and}", ","),
    ("\\text{and}", ","),
    ("\\text{m}", "\\text{}"),
    ("\\le", "<"),
)
_LEFT_OUT: Final = (
    *("square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units"),
    *("\\ldots", "sue", "points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm"),
    *("pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples"),
    *("\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}"),
    *("\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", '"', "\\dots"),
    *("\n", "\r", "\f"),
)
_UNWRAPPED: Final = (
    (re.compile(r"\\text\{\((.*?)\)\}"), r"\1"),
    (re.compile(r"\\text\{(.*?)\}"), r"\1"),
    (re.compile(r"\\textbf\{(.*?)\}"), r"\1"),
    (re.compile(r"\\overline\{(.*?)\}"), r"\1"),
    (re.compile(r"\\boxed\{(.*)\}"), r"\1"),
)
_SAID: Final = (
    re.compile("finalansweris(.*)"),
    re.compile("answer?is:?(.*)"),
    re.compile(r"oxed\{(.*?)\}"),
    re.compile(r"\$(.*?)\$"),
)
"""What an answer is introduced or enclosed by; of each kind the last."""
_SHORT_FRACTION: Final = re.compile("frac([^{])(.)")
_SHORT_ROOT: Final = re.compile("sqrt([^{])")
_DOUBLE_BRACES: Final = re.compile(r"\{(.*)\}$")


def last_box(text: str) -> str | None:
    r"""What the last \boxed (else \fbox) of the text and its braces are, as written."""
    start = text.rfind("\\boxed")
    if start < 0:
        start = text.rfind("\\fbox")
    if start < 0:
        return None
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if text[place] == "}" and depth == 0:
            return text[start : place + 1]
    return None


def boxed_answer(text: str, *, double_braces: bool = False) -> str | None:
    r"""What the last \boxed{} holds; with `double_braces`, \boxed{{x}} holds x."""
    box = last_box(text)
    if box is None or not box.startswith("\\boxed{"):
        return None
    held = box[len("\\boxed{") : -1]
    inner = _DOUBLE_BRACES.match(held) if double_braces else None
    return inner[1] if inner else held


def normalized(answer: str) -> str:
    """A final answer in one spelling, without units, wrapping and what introduces it."""
    for before, after in _SPELLINGS:
        answer = answer.replace(before, after)
    for word in _LEFT_OUT:
        answer = answer.replace(word, "")
    for pattern, held in _UNWRAPPED:
        answer = pattern.sub(held, answer)
    for pattern in _SAID:
        if found := pattern.findall(answer):
            answer = found[-1]
    answer = answer.strip()
    if "rac" in answer and "\\frac" not in answer:
        answer = answer.replace("rac", "\\frac")
    answer = _SHORT_FRACTION.sub(r"frac{\1}{\2}", answer)
    answer = _SHORT_ROOT.sub(r"sqrt{\1}", answer).replace("$", "")
    digits = answer.replace(",", "")
    return digits if digits.isdigit() else answer
