"""From token log-likelihoods to numbers of labels and texts, and where an answer ends. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kompass_api.methods import Likelihood
from kompass_api.results import LabelScore, Prediction
from kompass_worker.prompts.requests import MinKPercent, Request


class TextSize(NamedTuple):
    """What a text's likelihood may be divided by."""

    tokens: int
    """All of it: context and first token included."""
    predicted: int
    """Those whose likelihoods are summed."""
    answer: str = ""
    """The label's own text."""

    def divisor(self, divide_by: Likelihood) -> int:
        """The number that the setting names."""
        by: Mapping[Likelihood, int] = {
            Likelihood.ALL_TOKENS: self.tokens,
            Likelihood.PREDICTED_TOKENS: self.predicted,
            Likelihood.BYTES: len(self.answer.encode()),
            Likelihood.CHARACTERS: len(self.answer),
            Likelihood.NOTHING: 1,
        }
        return by[divide_by]


def label_score(
    label: str,
    nll_sum: float,
    size: TextSize,
    divide_by: Likelihood = Likelihood.ALL_TOKENS,
    *,
    greedy: bool | None = None,
) -> LabelScore:
    """The sum over the predicted tokens by what the setting names."""
    divisor = size.divisor(divide_by)
    return LabelScore(
        label=label,
        nll=mean_of(nll_sum, divisor),
        tokens=size.tokens,
        total=nll_sum,
        divisor=divisor,
        greedy=greedy,
    )


def mean_of(nll_sum: float, divisor: int) -> float:
    """Nothing to predict is certain; something that nothing divides is never chosen."""
    if divisor:
        return nll_sum / divisor
    return math.inf if nll_sum else 0.0


def choice_scores(choices: Sequence[str], nlls: Sequence[float], tokens: int) -> list[LabelScore]:
    """Each choice's probability among the choices, out of their likelihoods among all tokens."""
    least = min(nlls)
    normalizer = math.log(math.fsum(math.exp(least - nll) for nll in nlls)) - least
    return [
        LabelScore(label=choice, nll=value, tokens=tokens, total=value, divisor=1)
        for choice, value in zip(choices, (nll + normalizer for nll in nlls), strict=True)
    ]


def least_likely(nlls: Sequence[float], what: MinKPercent, tokens: int) -> LabelScore:
    """The share of the tokens that the model expected least (at least one of them).

    OpenCompass takes the share of all tokens, the first included, which nothing predicts.
    """
    count = min(len(nlls), max(1, tokens * what.k // 100))
    total = math.fsum(heapq.nlargest(count, nlls))
    return LabelScore(
        label="", nll=mean_of(total, count), tokens=tokens, total=total, divisor=count
    )


def likeliest(request: Request, scores: Sequence[LabelScore]) -> Prediction:
    """The label with the smallest number; the first of equals."""
    best = min(scores, key=lambda score: score.nll)
    return Prediction(
        item=request.item,
        prompt_hash="",
        prediction=best.label,
        scores=list(scores),
        tokens_in=sum(score.tokens for score in scores),
        tokens_out=0,
        finish_reason="scored",
    )


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string in it, and whether there was one."""
    ends = [end for end in (text.find(stop) for stop in stops if stop) if end >= 0]
    return (text[: min(ends)], True) if ends else (text, False)
