"""Chinese text as words.

Pure but for jieba's dictionary, which is read once and kept.
"""

from __future__ import annotations

import logging
import warnings
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kompass_worker.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def require() -> None:
    """Refuse at once where jieba is not installed, not when there are answers to cut."""
    if find_spec("jieba") is None:
        raise InvalidRequest(
            "this scoring cuts Chinese into words with jieba, which is not installed: install "
            "kompass[chinese]"
        )


def cut(text: str) -> list[str]:
    """The words of a text, as jieba cuts them."""
    return list(_cutter()(text))


@cache
def _cutter() -> Callable[[str], Iterable[str]]:
    # Python warns of escapes in its source, and of a package that it looks for.
    with warnings.catch_warnings(action="ignore"):
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    found: Callable[[str], Iterable[str]] = tokenizer.cut
    return found
