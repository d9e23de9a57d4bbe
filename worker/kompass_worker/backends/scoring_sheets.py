"""What a model reads to score a request, and what comes of it.

Pure: tokens in, numbers out; which model reads the rows is no matter here. Texts of one question
that differ in their last token alone are one row: the model reads it once, and the logits of its
last place hold every last token's likelihood. That is no approximation: the last token of a text
is predicted, never read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kompass_api.methods import Likelihood
from kompass_api.results import LabelScore, Prediction
from kompass_worker.backends.likelihoods import (
    TextSize,
    choice_scores,
    label_score,
    least_likely,
    likeliest,
)
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    MinKPercent,
    PerplexityOnly,
    ScoringRequest,
    TextRequest,
)


class ScoringRow(NamedTuple):
    """What the model reads, and the tokens it could go on with."""

    ids: tuple[int, ...]
    start: int
    """First place of `ids` whose likelihood is asked for: 1 or more; with len(ids), none is."""
    lasts: tuple[int, ...]
    """Tokens that could come behind `ids`."""
    with_greedy: bool = False
    """Whether it is asked too what the model itself would write."""


class RowScore(NamedTuple):
    """What the model says of a row."""

    read: list[float]
    """Negative log-likelihoods of the row's tokens from `start` on."""
    lasts: list[float]
    """Those of the tokens that could come behind."""
    greedy: list[bool]
    """Whether each of them, read and lasts in one list, is the model's own choice; empty where
    that was not asked."""


class EncodedText(NamedTuple):
    """A text in tokens; those before `start` are context."""

    ids: list[int]
    start: int = 1


@dataclass
class Sheet:
    """The rows of one request, and what is known of them so far."""

    rows: list[ScoringRow]
    finish: Callable[[Sequence[RowScore]], Prediction]
    _found: dict[int, RowScore] = field(default_factory=dict)

    def note(self, row: int, score: RowScore) -> None:
        """Keep what a row brought."""
        self._found[row] = score

    @property
    def is_complete(self) -> bool:
        """Whether every row has its numbers."""
        return len(self._found) == len(self.rows)

    def prediction(self) -> Prediction:
        """The answer to the request."""
        return self.finish([self._found[place] for place in range(len(self.rows))])


def candidates_sheet(
    request: ScoringRequest | ContinuationRequest, texts: Sequence[EncodedText]
) -> Sheet:
    """The likeliest of several texts."""
    stems: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for place, (ids, start) in enumerate(texts):
        # A single token has nothing before it that could predict it.
        if len(ids) > start:
            stems.setdefault((start, tuple(ids[:-1])), []).append(place)
    chooses = isinstance(request, ContinuationRequest)
    rows = [
        ScoringRow(stem, start, tuple(texts[place].ids[-1] for place in places), chooses)
        for (start, stem), places in stems.items()
    ]

    def finish(scores: Sequence[RowScore]) -> Prediction:
        sums = [0.0] * len(texts)
        greedy = [True if chooses else None] * len(texts)
        for score, places in zip(scores, stems.values(), strict=True):
            for at, place in enumerate(places):
                sums[place] = math.fsum([*score.read, score.lasts[at]])
                if chooses:
                    read, lasts = len(score.read), len(score.read) + at
                    greedy[place] = all(score.greedy[:read]) and score.greedy[lasts]
        return likeliest(request, [*_label_scores(request, texts, sums, greedy)])

    return Sheet(rows, finish)


def _label_scores(
    request: ScoringRequest | ContinuationRequest,
    texts: Sequence[EncodedText],
    sums: Sequence[float],
    greedy: Sequence[bool | None],
) -> Iterator[LabelScore]:
    candidates: Sequence[Candidate | Continuation] = request.candidates
    for held, (ids, start), total, own in zip(candidates, texts, sums, greedy, strict=True):
        size = TextSize(len(ids), max(0, len(ids) - start), held.answer_text)
        yield label_score(held.label, total, size, request.divide_by, greedy=own)


def choice_sheet(request: ChoiceRequest, ids: Sequence[int], choices: Sequence[int]) -> Sheet:
    """How likely each choice is behind the prompt."""

    def finish(scores: Sequence[RowScore]) -> Prediction:
        found = choice_scores(request.choices, scores[0].lasts, len(ids))
        return likeliest(request, found).model_copy(update={"tokens_in": len(ids)})

    return Sheet([ScoringRow(tuple(ids), len(ids), tuple(choices))], finish)


def text_sheet(request: TextRequest, ids: Sequence[int]) -> Sheet:
    """How likely a text is."""
    rows = _text_rows(request, ids)

    def finish(scores: Sequence[RowScore]) -> Prediction:
        nlls = [nll for score in scores for nll in (*score.read, *score.lasts)]
        size = TextSize(len(ids), len(nlls), request.text)
        match request.what:
            case PerplexityOnly(divide_by=divide_by):
                found = label_score("", math.fsum(nlls), size, divide_by)
            case BitsPerCharacter():
                found = label_score("", math.fsum(nlls), size, Likelihood.CHARACTERS)
            case MinKPercent():
                found = least_likely(nlls, request.what, len(ids))
        return likeliest(request, [found])

    return Sheet(rows, finish)


def _text_rows(request: TextRequest, ids: Sequence[int]) -> list[ScoringRow]:
    if isinstance(request.what, BitsPerCharacter):
        spans = windows(len(ids), request.what)
    else:
        spans = [Window(0, len(ids), 1)] if len(ids) > 1 else []
    return [
        ScoringRow(tuple(ids[held.begin : held.end - 1]), held.first, (ids[held.end - 1],))
        for held in spans
    ]


class Window(NamedTuple):
    """A stretch of a text's tokens."""

    begin: int
    end: int
    first: int
    """The first token that no window before has seen, counted from the begin; 1 or more."""


def windows(tokens: int, what: BitsPerCharacter) -> list[Window]:
    """Windows over a text such that each token but the first counts in one of them."""
    found: list[Window] = []
    begin, seen = 0, 1
    while seen < tokens:
        end = min(begin + what.block + 1, tokens)
        if what.whole_windows and end - begin <= what.block:
            break
        found.append(Window(begin, end, seen - begin))
        seen = end
        begin += min(what.stride, what.block)
    return found
