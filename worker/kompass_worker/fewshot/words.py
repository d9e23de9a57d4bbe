"""A text's words, as BM25 counts them.

Pure. Close to what NLTK's word_tokenize gives for English (the Penn Treebank's rules): punctuation
stands alone, contractions come apart (don't: do, n't), straight quotes become `` and ''. A sentence
ends at a mark that no small letter follows, unless it is that of an initial or title; OpenCompass
has a trained model decide that, so that a full stop may stay with its word there and not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_ALONE: Final = r";@#$%&?!*\[\](){}<>«»“”‘’„\"`\u2012-\u2015"

_TOKEN: Final = re.compile(
    rf"(?P<mark>\.{{2,}}|--|``|''|[{_ALONE}]|[:,](?!\d))"
    rf"|(?P<word>(?:(?!--|\.\.|''|``|[:,](?!\d))[^\s{_ALONE}])+)"
)
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?])(?<![.]\w[.])(?<!\b[A-Z][.])(?<!\bMr[.])(?<!\bMs[.])(?<!\bDr[.])(?<!\bMrs[.])"
    r"(?=[\"')\]”’]*\s+[^\sa-z])|(?<=[。！？])"
)
_CONTRACTION: Final = re.compile(r"(.*[^'])(n't|N'T|'(?:[sSmMdD]|ll|LL|re|RE|ve|VE))")
_CLITICS: Final = frozenset({"d", "ll", "m", "n", "re", "s", "t", "ve"})
_TOGETHER: Final[Mapping[str, int]] = {
    "cannot": 3,
    "d'ye": 1,
    "gimme": 3,
    "gonna": 3,
    "gotta": 3,
    "lemme": 3,
    "more'n": 4,
    "wanna": 3,
}
"""Words that are two, and where the first ends."""


def words(text: str) -> list[str]:
    """The words and punctuation marks, in order."""
    return [word for sentence in _SENTENCE_END.split(text) for word in _words(sentence.strip())]


def _words(sentence: str) -> Iterator[str]:
    for found in _TOKEN.finditer(sentence):
        before = sentence[found.start() - 1 : found.start()]
        if found["mark"]:
            yield _mark(found["mark"], opens=before in {"", " ", "(", "[", "{", "<"})
        else:
            rest = sentence[found.end() :].strip("])}>\"'»”’ ")
            yield from _parts(found["word"], is_last=not rest)


def _mark(mark: str, *, opens: bool) -> str:
    if mark in {'"', "''"}:
        return "``" if opens else "''"
    return mark


def _parts(word: str, *, is_last: bool) -> Iterator[str]:
    if is_last and len(word) > 1 and word.endswith("."):
        yield from _parts(word[:-1], is_last=False)
        yield "."
    elif place := _TOGETHER.get(word.lower()):
        yield word[:place]
        yield word[place:]
    elif contracted := _CONTRACTION.fullmatch(word):
        yield from _parts(contracted[1], is_last=False)
        yield contracted[2]
    elif len(word) > 1 and word.endswith("'"):
        yield from _parts(word[:-1], is_last=False)
        yield "'"
    elif len(word) > 1 and word.startswith("'") and word[1:].lower() not in _CLITICS:
        yield "'"
        yield from _parts(word[1:], is_last=False)
    else:
        yield word
