"""GAOKAO-Bench: questions with a choice, in four types, each with points of its own.

Pure. References are lists of letters; an answer with another number of parts than the reference
has none right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.metrics.metric import Metric, corpus_metric, golds_of

Kind = Literal["single_choice", "multi_choice", "multi_question_choice", "five_out_of_seven"]

_A_TO_D: Final = re.compile("[A-D]")
_A_TO_G: Final = re.compile("[A-G]")
_CAPITAL: Final = re.compile("[A-Z]")
_MARK: Final = "【答案】"
_MARKED: Final = re.compile(r"【答案】\s*[:：]*\s*([A-Z])")
_SPACES: Final = re.compile(r"\s+")
_TAIL: Final = 10
_BLANKS: Final = 5


class _Points(NamedTuple):
    got: int
    most: int


def gaokao(*, type: Kind) -> Metric:  # noqa: A002 - OpenCompass' word
    """Points got of those there are, over all questions together."""

    def judge(answered: Answered) -> Judgement:
        points, read = _points(answered, type)
        return Judgement({"score": points.got / points.most}, read=" ".join(read))

    def of_all(answers: Sequence[Answered]) -> float | None:
        points = [_points(answered, type)[0] for answered in answers]
        most = sum(each.most for each in points)
        # Divided first, as OpenCompass does.
        return sum(each.got for each in points) / most * 100 if most else None

    return corpus_metric({"score": of_all}, judge, is_share=True)


def _points(answered: Answered, kind: Kind) -> tuple[_Points, list[str]]:
    golds = golds_of(answered)
    read = _READERS[kind](answered.answer, len(golds))
    given = read if len(read) == len(golds) else ["Z"] * len(golds)
    if kind == "multi_choice":
        got = sum(_of_several(*pair) for pair in zip(given, golds, strict=True))
        return _Points(got, 2 * len(golds)), read
    got = sum(mine == gold for mine, gold in zip(given, golds, strict=True))
    return _Points(got, len(golds)), read


def _of_several(given: str, gold: str) -> int:
    if given == gold:
        return 2
    return int(all(letter in gold for letter in given))


def _single(text: str, _count: int) -> list[str]:
    return _A_TO_D.findall(text[::-1])[:1]


def _several(text: str, _count: int) -> list[str]:
    dense = _SPACES.sub("", text)
    # Not at the very beginning: there the mark is overlooked, as in the original script.
    place = dense.find(_MARK)
    tail = dense[place:] if place > 0 else dense[-_TAIL:]
    letters = "".join(_A_TO_D.findall(tail))
    return [letters] if letters else []


def _questions(text: str, count: int) -> list[str]:
    marked = _MARKED.findall(text)
    return marked if len(marked) == count else _CAPITAL.findall(text)[:count]


def _blanks(text: str, _count: int) -> list[str]:
    return _A_TO_G.findall(text)[:_BLANKS]


_READERS: Final[Mapping[str, Callable[[str, int], list[str]]]] = {
    "single_choice": _single,
    "multi_choice": _several,
    "multi_question_choice": _questions,
    "five_out_of_seven": _blanks,
}
