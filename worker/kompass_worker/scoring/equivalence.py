r"""Whether two LaTeX answers are the same formula, by spelling alone.

Pure. The steps are those of the MATH data set's scorer (Hendrycks et al. 2021) and of OpenCompass'
longer second version, in their order. A spelling that a step cannot read (`\sqrt` at the end, a
fraction that is no number) makes that whole comparison fail, as it does there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from kompass_worker.scoring.latex import normalized

_UNIT: Final = "\\text{ "
_LAST_TEXT: Final = re.compile(r"\\text{.*?}$")
_BOXED_TEXT: Final = re.compile(r"\\mbox{.*?}")
_ROOT: Final = re.compile(r"\\sqrt(\w+)")
_ZEROS_INSIDE: Final = re.compile(r"(\d+)\.0+([^\d])")
_ZEROS_LAST: Final = re.compile(r"(\d+)\.0+$")

_FIRST_V1: Final = (
    ("\n", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
)
_FIRST_V2: Final = (
    ("\\!", ""),
    ("\\ ", ""),
    ("\\\\", "\\"),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
)
_THEN_V2: Final = (
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
    ("$", ""),
    ("\\text", ""),
    ("x\\in", ""),
    ("\\%", ""),
    ("%", ""),
    (" .", " 0."),
    ("{.", "{0."),
    ("\\cdot", ""),
    ("infinity", "\\infty"),
)
_LAST_V2: Final = (("+\\inity", "\\infty"), ("and", ""), ("\\mathbf", ""))


class _Unreadable(ValueError):
    """A step cannot read the spelling."""


def same_v1(one: str, other: str) -> bool:
    """OpenCompass' `MATHEvaluator(version='v1')`."""
    return _same(one, other, _spelling_v1)


def same_v2(one: str, other: str) -> bool:
    """OpenCompass' `MATHEvaluator(version='v2')`."""
    return _same(one, other, _spelling_v2)


def same_agieval(one: str, other: str) -> bool:
    """AGIEval's own comparison: the first version's spelling, or else the texts."""
    try:
        return _spelling_agieval(one) == _spelling_agieval(other)
    except _Unreadable:
        return one == other


def _same(one: str, other: str, spelling: Callable[[str], str]) -> bool:
    try:
        first, second = spelling(one), spelling(other)
    except _Unreadable:
        pass
    else:
        if first == second or normalized(first) == normalized(second):
            return True
    return normalized(one) == normalized(other) or one == other


def _spelling_v1(text: str) -> str:
    return _spelling_v1_with(text, _with_fractions)


def _spelling_agieval(text: str) -> str:
    return _spelling_v1_with(text, _with_fractions_agieval)


def _spelling_v1_with(text: str, with_fractions: Callable[[str], str]) -> str:
    text = _without_unit(_replaced(text, _FIRST_V1)).replace("\\%", "")
    text = _replaced(text, ((" .", " 0."), ("{.", "{0.")))
    if not text:
        return text
    text = _with_braced_roots(_right_side(_with_leading_zero(text)))
    text = with_fractions(text.replace(" ", ""))
    if text == "0.5":
        return "\\frac{1}{2}"
    return _with_slash_as_fraction(text, strict=with_fractions is _with_fractions)


def _spelling_v2(text: str) -> str:
    text = _replaced(text.strip().replace("\n", "").rstrip("."), _FIRST_V2)
    text = _LAST_TEXT.sub("", text).strip() or text
    text = _replaced(text, _THEN_V2)
    if "\\infty" not in text:
        text = text.replace("inf", "\\infty")
    text = _BOXED_TEXT.sub("", _replaced(text, _LAST_V2))
    if "j" in text and "i" not in text:
        text = text.replace("j", "i")
    text = _ZEROS_LAST.sub(r"\1", _ZEROS_INSIDE.sub(r"\1\2", text))
    if not text:
        return text
    text = _right_side(_with_leading_zero(text))
    text = _ROOT.sub(r"\\sqrt{\1}", text).replace(" ", "")
    return _with_slash_as_fraction(_with_fractions(text), strict=True)


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for before, after in pairs:
        text = text.replace(before, after)
    return text


def _without_unit(text: str) -> str:
    parts = text.split(_UNIT)
    if len(parts) > 2:  # noqa: PLR2004 - one unit makes two parts
        raise _Unreadable(text)
    return parts[0]


def _with_leading_zero(text: str) -> str:
    return f"0{text}" if text.startswith(".") else text


def _right_side(text: str) -> str:
    """Of `x = 3` the 3: of one equation sign, with at most two characters before it."""
    left, sign, right = text.partition("=")
    is_short = sign and "=" not in right and len(left) <= 2  # noqa: PLR2004 - a letter, a space
    return right if is_short else text


def _with_braced_roots(text: str) -> str:
    first, *rest = text.split("\\sqrt")
    if not all(rest):
        raise _Unreadable(text)
    braced = (part if part.startswith("{") else f"{{{part[0]}}}{part[1:]}" for part in rest)
    return first + "".join(f"\\sqrt{part}" for part in braced)


def _with_fractions(text: str) -> str:
    r"""Of `\frac12` and `\frac1{2}` one with braces; the text as it is where one is cut off."""
    first, *rest = text.split("\\frac")
    if any(len(part) < 2 and not part.startswith("{") for part in rest):  # noqa: PLR2004 - a/b
        return text
    return first + "".join(f"\\frac{_braced(part)}" for part in rest)


def _with_fractions_agieval(text: str) -> str:
    r"""The same, but an empty part (`\frac` at the end) cannot be read."""
    for part in text.split("\\frac")[1:]:
        if not part:
            raise _Unreadable(text)
        if len(part) < 2 and part != "{":  # noqa: PLR2004 - a and b
            return text
    return _with_fractions(text)


def _braced(part: str) -> str:
    if part.startswith("{"):
        return part
    above, below, rest = part[0], part[1], part[2:]
    return f"{{{above}}}{below}{rest}" if below == "{" else f"{{{above}}}{{{below}}}{rest}"


def _with_slash_as_fraction(text: str, *, strict: bool) -> str:
    above, slash, below = text.partition("/")
    if not slash or "/" in below:
        return text
    try:
        numbers = int(above), int(below)
    except ValueError as error:
        if strict:
            raise _Unreadable(text) from error
        return text
    if text != f"{numbers[0]}/{numbers[1]}":
        return text
    return f"\\frac{{{numbers[0]}}}{{{numbers[1]}}}"
