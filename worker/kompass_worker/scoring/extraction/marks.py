"""Answers between marks: tags, and what stands outside a model's thoughts.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kompass_worker.errors import InvalidRequest

Rule = Callable[[str], str]

NO_ANSWER: Final = "NO ANSWER FOUND"
_START: Final = "<think>"
_END: Final = "</think>"


def specific_xml_tag(*, tag: str) -> Rule:
    """What the last `<tag>...</tag>` holds without white space around it; `tag` in its brackets."""
    if not (tag.startswith("<") and tag.endswith(">") and tag[1:-1]):
        raise InvalidRequest(f"tag: found {tag!r}; expected a name in brackets, such as <answer>")
    end = f"</{tag[1:-1]}>"

    def rule(text: str) -> str:
        found = None
        place = text.find(tag)
        while place >= 0 and (close := text.find(end, place + len(tag))) >= 0:
            found = text[place + len(tag) : close]
            place = text.find(tag, close + len(end))
        return NO_ANSWER if found is None else found.strip()

    return rule


def extract_non_reasoning_content(
    *,
    think_start_token: str = _START,
    think_end_token: str = _END,
) -> Rule:
    """The text without its thoughts: all pairs removed, or what follows the last end mark."""
    start, end = think_start_token, think_end_token
    if not start or not end:
        raise InvalidRequest(
            "think_start_token and think_end_token must not be empty: write the marks around the "
            "model's thoughts, such as <think> and </think>"
        )

    def rule(text: str) -> str:
        if start not in text and end in text:
            return text.rsplit(end, maxsplit=1)[-1].strip()
        return _outside(text, start, end).strip()

    return rule


def _outside(text: str, start: str, end: str) -> str:
    kept, place = [], 0
    while (begin := text.find(start, place)) >= 0:
        close = text.find(end, begin + len(start))
        if close < 0:
            break
        kept.append(text[place:begin])
        place = close + len(end)
    return "".join([*kept, text[place:]])
