"""Answers that are words: what is left of a text without its dressing.

Pure; jieba, which cuts Chinese into words, keeps its dictionary in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from kompass_worker.scoring.chinese import cut, require

Rule = Callable[[str], str]

_END: Final = re.compile(r"[\n.,]")
_SIGNS: Final = re.compile(r"[^\w\s]")
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")


def general(text: str) -> str:
    """The text up to the first line end, full stop or comma, without signs and articles."""
    first = _END.split(text, maxsplit=1)[0]
    words = _ARTICLES.sub("", _SIGNS.sub("", first))
    return _SPACES.sub(" ", words).strip()


def general_cn_0_5() -> Rule:
    """The text cut into Chinese words, with all its signs: OpenCompass throws its cleaning away."""
    require()
    return lambda text: " ".join(cut(text))


def general_cn_1() -> Rule:
    """The text as `general` leaves it, cut into Chinese words."""
    require()
    return lambda text: " ".join(cut(general(text)))


def strip(text: str) -> str:
    """The text without the white space around it."""
    return text.strip()
