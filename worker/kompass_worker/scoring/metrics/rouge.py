"""ROUGE: n-grams and subsequences in common with the reference (Lin 2004), English and Chinese.

Pure. F-measures. English words are runs of a-z and 0-9, as the rouge-score package has them,
without stemming; Chinese ones are jieba's, counted as the rouge-chinese package counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz.distance import LCSseq

from kompass_worker.scoring.answers import Answered, Judgement, Verdict
from kompass_worker.scoring.chinese import cut, require
from kompass_worker.scoring.extraction.words import general
from kompass_worker.scoring.metrics.metric import Metric, golds_of, mean_metric, values_of
from kompass_worker.scoring.statistics import Estimate, estimate

ROWS: Final = ("rouge1", "rouge2", "rougeL", "rougeLsum")
_CHINESE_ROWS: Final = ("rouge1", "rouge2", "rougeL")
_WORD: Final = re.compile("[a-z0-9]+")
_RESAMPLES: Final = 1000
_PERCENT: Final = 100.0
# rouge-chinese adds this to the divisor, where rouge-score asks whether it is zero.
_TINY: Final = 1e-8

_NO_PREDICTION: Final = "__PREDPLACEHOLDER__"
_NO_REFERENCE: Final = "__REFRPLACEHOLDER__"


def rouge_1() -> Metric:
    """The means of the answers' ROUGE."""
    return mean_metric(ROWS, _judge)


def rouge_0_5() -> Metric:
    """OpenCompass' numbers: not the mean but the median of 1000 means of drawn answers, seed 0."""

    def total(verdicts: Sequence[Verdict]) -> Mapping[str, Estimate]:
        values = {row: values_of(row, verdicts) for row in ROWS}
        if not all(values.values()):
            return {row: estimate(held) for row, held in values.items()}
        return _medians(values)

    return Metric(ROWS, _judge, total)


def rouge_chinese() -> Metric:
    """ROUGE of Chinese words, both sides without signs (section 5.3, JiebaRouge)."""
    require()
    return mean_metric(_CHINESE_ROWS, _judge_chinese)


def english_rouge(given: str, gold: str) -> dict[str, float]:
    """The four F-measures of a text, from 0 to 1."""
    ours, theirs = _words(given), _words(gold)
    return {
        "rouge1": _overlap(ours, theirs, 1),
        "rouge2": _overlap(ours, theirs, 2),
        "rougeL": _f_measure(LCSseq.similarity(theirs, ours), len(ours), len(theirs)),
        "rougeLsum": _summary(_lines(given), _lines(gold)),
    }


def _judge(answered: Answered) -> Judgement:
    found = [english_rouge(answered.answer, gold) for gold in golds_of(answered)]
    return Judgement({row: max(each[row] for each in found) for row in ROWS})


def _medians(values: Mapping[str, Sequence[float]]) -> dict[str, Estimate]:
    import numpy as np

    # One generator for all rows in their order: the numbers drawn for a row depend on those before.
    drawing = np.random.RandomState(0)  # the legacy generator, whose numbers are frozen for good
    found = {}
    for row, held in values.items():
        # Three columns, as rouge-score has them: numpy adds up a single one in another order.
        scores = np.repeat(np.asarray(held)[:, None], 3, axis=1)
        count = len(scores)
        means = [
            np.mean(scores[drawing.choice(np.arange(count), size=count)], axis=0)[0]
            for _ in range(_RESAMPLES)
        ]
        spread = estimate(held)
        median = float(np.percentile(means, 50)) * _PERCENT
        found[row] = Estimate(median, spread.stderr, spread.interval)
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _lines(text: str) -> list[list[str]]:
    return [_words(line) for line in text.split("\n") if line]


def _grams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def _overlap(given: Sequence[str], gold: Sequence[str], size: int) -> float:
    ours, theirs = Counter(_grams(given, size)), Counter(_grams(gold, size))
    return _f_measure((ours & theirs).total(), ours.total(), theirs.total())


def _f_measure(common: int, given: int, gold: int) -> float:
    if not common:
        return 0.0
    precision, recall = common / given, common / gold
    return 2 * precision * recall / (precision + recall)


def _summary(given: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> float:
    left_given = Counter(word for line in given for word in line)
    left_gold = Counter(word for line in gold for word in line)
    sizes = left_given.total(), left_gold.total()
    hits = 0
    for line in gold:
        places = {place for other in given for place in _common_places(line, other)}
        for word in (line[place] for place in sorted(places)):
            if left_given[word] > 0 and left_gold[word] > 0:
                hits += 1
                left_given[word] -= 1
                left_gold[word] -= 1
    return _f_measure(hits, *sizes)


def _common_places(gold: Sequence[str], given: Sequence[str]) -> list[int]:
    """Places in `gold` of one longest common subsequence, the one the Perl script finds."""
    table = [[0] * (len(given) + 1)]
    for left in gold:
        above, row = table[-1], [0]
        for place, right in enumerate(given):
            row.append(above[place] + 1 if left == right else max(above[place + 1], row[place]))
        table.append(row)
    places, down, right_end = [], len(gold), len(given)
    while down and right_end:
        if gold[down - 1] == given[right_end - 1]:
            places.append(down - 1)
            down, right_end = down - 1, right_end - 1
        elif table[down][right_end - 1] > table[down - 1][right_end]:
            right_end -= 1
        else:
            down -= 1
    return places


def _judge_chinese(answered: Answered) -> Judgement:
    given = _chinese_words(answered.answer, _NO_PREDICTION)
    gold = _chinese_words(answered.reference, _NO_REFERENCE)
    return Judgement(
        {
            "rouge1": _set_overlap(given, gold, 1),
            "rouge2": _set_overlap(given, gold, 2),
            "rougeL": _softened(LCSseq.similarity(gold, given), len(given), len(gold)),
        }
    )


def _chinese_words(text: str, placeholder: str) -> list[str]:
    return " ".join(cut(general(text))).split() or [placeholder]


def _set_overlap(given: Sequence[str], gold: Sequence[str], size: int) -> float:
    ours, theirs = set(_grams(given, size)), set(_grams(gold, size))
    return _softened(len(ours & theirs), len(ours), len(theirs))


def _softened(common: int, given: int, gold: int) -> float:
    precision = common / given if given else 0.0
    recall = common / gold if gold else 0.0
    return 2.0 * ((precision * recall) / (precision + recall + _TINY))
