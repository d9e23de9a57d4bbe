"""Answers that a regular expression of the benchmark's author finds.

Pure. A pattern may be hostile, and so may the text: a search that takes longer than the deadline
ends without an answer, which is counted as `PatternTooSlow` and not as wrong. The patterns are
those of Python's `re`, read by `regex`, which can stop. RE2 would not need to, but refuses the
look-ahead and the back references in patterns of OpenCompass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import regex

from kompass_worker.errors import InvalidRequest
from kompass_worker.patterns import UnfitPattern, compiled
from kompass_worker.scoring.answers import CannotJudge
from kompass_worker.scoring.deadlines import check_seconds

Rule = Callable[[str], str]

TOO_SLOW: Final = "PatternTooSlow"
_SECONDS: Final = 2.0
"""A sane search takes microseconds; the limit is generous so that a busy machine keeps it."""


def match_answer_pattern(*, answer_pattern: str, seconds: float = _SECONDS) -> Rule:
    """The first group of the first match, or nothing."""
    check_seconds(seconds)
    wanted = _with_groups(answer_pattern, groups=1)

    def rule(text: str) -> str:
        found = _search(wanted, text, seconds)
        return (found[1] or "") if found else ""

    return rule


def think_pred(*, re_pattern: str, seconds: float = _SECONDS) -> Rule:
    """The first group of the first match without white space around it; else the whole text."""
    check_seconds(seconds)
    wanted = _with_groups(re_pattern, groups=1)

    def rule(text: str) -> str:
        found = _search(wanted, text, seconds)
        return (found[1] or "").strip() if found else text

    return rule


def search(
    *,
    pattern: str,
    group: int = 0,
    which: int = 0,
    fallback: str = "",
    seconds: float = _SECONDS,
) -> Rule:
    """One match of all: the group of it, the `which`-th from 0 (-1: the last), else `fallback`."""
    check_seconds(seconds)
    wanted = _with_groups(pattern, groups=group)

    def rule(text: str) -> str:
        found = _all(wanted, text, seconds)
        place = which if which >= 0 else len(found) + which
        return (found[place][group] or "") if 0 <= place < len(found) else fallback

    return rule


def _with_groups(pattern: str, *, groups: int) -> regex.Pattern[str]:
    try:
        found = compiled(pattern)
    except UnfitPattern as error:
        raise InvalidRequest(f"pattern {pattern!r} {error}") from error
    if found.groups < groups:
        raise InvalidRequest(
            f"pattern {pattern!r} has {found.groups} groups; group {groups} is asked for: put "
            "the answer in parentheses"
        )
    return found


def _search(wanted: regex.Pattern[str], text: str, seconds: float) -> regex.Match[str] | None:
    try:
        return wanted.search(text, timeout=seconds)
    except TimeoutError as error:
        raise CannotJudge(TOO_SLOW) from error


def _all(wanted: regex.Pattern[str], text: str, seconds: float) -> list[regex.Match[str]]:
    try:
        return list(wanted.finditer(text, timeout=seconds))
    except TimeoutError as error:
        raise CannotJudge(TOO_SLOW) from error
