"""Metrics of words in common: SQuAD's F1, BLEU.

Pure. BLEU is sacrebleu's; as a whole it is no mean, so that its error bar is the jackknife's.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal

from kompass_worker.scoring.answers import Answered, Judgement
from kompass_worker.scoring.metrics.metric import Metric, corpus_metric, golds_of, mean_metric

Tokenizer = Literal["13a", "intl", "zh", "char", "none"]

_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_SIGNS: Final = str.maketrans("", "", string.punctuation)


def squad() -> Metric:
    """SQuAD 1.1: F1 of the words, and exact match, of the answer's first line."""
    return mean_metric(["f1", "exact_match"], _squad, is_share=True)


def bleu(*, tokenize: Tokenizer = "13a") -> Metric:
    """BLEU of all answers together (sacrebleu); of one answer, that of its sentence."""
    import sacrebleu

    def judge(answered: Answered) -> Judgement:
        found = sacrebleu.sentence_bleu(answered.answer, golds_of(answered), tokenize=tokenize)
        return Judgement({"score": found.score / 100})

    def of_all(answers: Sequence[Answered]) -> float | None:
        return corpus_bleu(answers, tokenize) if answers else None

    return corpus_metric({"score": of_all}, judge)


def corpus_bleu(answers: Sequence[Answered], tokenize: Tokenizer) -> float:
    """BLEU in percent; answers may have different numbers of references."""
    import sacrebleu

    golds = [golds_of(answered) for answered in answers]
    most = max(map(len, golds))
    # sacrebleu wants the first references of all, the second of all, ..., and None for a gap.
    columns: list[Any] = [
        [held[place] if place < len(held) else None for held in golds] for place in range(most)
    ]
    given = [answered.answer for answered in answers]
    scorer = sacrebleu.BLEU(tokenize=tokenize, smooth_method="exp")
    return float(scorer.corpus_score(given, columns).score)


def _squad(answered: Answered) -> Judgement:
    given = _words(answered.answer.split("\n")[0])
    golds = [_words(gold) for gold in golds_of(answered)]
    return Judgement(
        {
            "f1": max(_f1(given, gold) for gold in golds),
            "exact_match": float(given in golds),
        }
    )


def _words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_SIGNS)).split()


def _f1(given: list[str], gold: list[str]) -> float:
    common = (Counter(given) & Counter(gold)).total()
    if not common:
        return 0.0
    precision, recall = common / len(given), common / len(gold)
    return 2 * precision * recall / (precision + recall)
