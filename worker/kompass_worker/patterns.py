"""Regular expressions that a benchmark's author wrote, compiled within bounds.

Pure. `regex` writes out what a pattern repeats at least so often: `(?:(?:a{1000}){1000}){1000}` is
a billion parts to it, and it has a deadline for searches only.
"""

from __future__ import annotations

import re
from math import prod
from typing import Final

import regex

MAX_REPEATED: Final = 50_000
"""Parts of a pattern with its repeats written out; they take a tenth of a second and 50 MiB."""

_COUNT: Final = r"\{\s*(?P<count>\d+)[^{}]*\}"
_SET: Final = r"\[\^?+(?:\\.|[^\[\]\\])+\]"
_PIECE: Final = re.compile(
    rf"(?P<open>\((?:\?[:|>=!])?)|(?P<close>\))|{_COUNT}|{_SET}|(?P<bracket>\[)|\\.|.", re.DOTALL
)
_WITH_COMMENTS: Final = re.compile(r"\(\?#|\(\?[a-zA-Z0-9-]*x")


class UnfitPattern(ValueError):
    """A pattern that is none, or takes too much; the message goes on from the pattern."""


def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern, or UnfitPattern before it takes long."""
    if _repeated(pattern) > MAX_REPEATED:
        raise UnfitPattern(
            f"has over {MAX_REPEATED} parts with its repeats written out: write smaller counts, "
            "or * and + instead of counts in each other"
        )
    try:
        return regex.compile(pattern)
    # ValueError: a number of thousands of digits.
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise UnfitPattern(f"is no regular expression: {error}") from error
    except MemoryError as error:
        raise UnfitPattern("takes more memory than there is: write smaller counts") from error


def _repeated(pattern: str) -> int:
    """At least as many parts as the pattern has with every repeat written out."""
    if _WITH_COMMENTS.search(pattern):
        return _if_all_were_in_each_other(pattern)
    # Of each open group: the parts before its last piece, and those of that piece.
    groups = [(0, 0)]
    for piece in _PIECE.finditer(pattern):
        before, last = groups.pop()
        if piece["open"]:
            groups += [(before + last, 0), (0, 0)]
        elif piece["close"] and groups:
            outer, _ = groups.pop()
            groups.append((outer, before + last))
        elif piece["count"]:
            groups.append((before, last * _number(piece["count"])))
        elif piece["close"] or piece["bracket"]:
            return _if_all_were_in_each_other(pattern)
        else:
            groups.append((before + last, 1))
    return sum(map(sum, groups))


def _if_all_were_in_each_other(pattern: str) -> int:
    # In a comment, or a set in a set, a bracket may be no group.
    return len(pattern) * prod(_number(found["count"]) for found in re.finditer(_COUNT, pattern))


def _number(digits: str) -> int:
    # Python refuses to read numbers of thousands of digits.
    return max(1, int(digits.lstrip("0")[:9] or 0))
