"""How likely a transformers model finds whole texts.

Texts of one question that differ in their last token alone are one row: the model reads it once,
and the logits of its last place hold every last token's likelihood. That is no approximation: the
last token of a text is predicted, never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from kompass_api.results import Prediction
from kompass_worker.backends.likelihoods import TextSize, label_score, likeliest
from kompass_worker.prompts.requests import ScoringRequest


@dataclass(frozen=True)
class ScoringRow:
    """What the model reads, and the last tokens it could go on with."""

    ids: tuple[int, ...]
    """All tokens but the last."""
    lasts: tuple[int, ...]
    candidates: tuple[int, ...]
    """Places of the candidates that these last tokens complete."""


class ScoringSheet:
    """The candidates of one question, and what is known of them so far."""

    def __init__(self, place: int, request: ScoringRequest, encoded: Sequence[list[int]]) -> None:
        self.place = place
        self._request = request
        self._lengths = [len(ids) for ids in encoded]
        self.rows = _rows(encoded)
        # A single token has nothing before it that could predict it.
        self._sums = {i: 0.0 for i, ids in enumerate(encoded) if len(ids) <= 1}

    def note(self, row: ScoringRow, sums: Sequence[float]) -> None:
        """Keep what a row brought."""
        self._sums.update(zip(row.candidates, sums, strict=True))

    @property
    def is_complete(self) -> bool:
        """Whether every candidate has its number."""
        return len(self._sums) == len(self._lengths)

    def prediction(self) -> Prediction:
        """The likeliest candidate."""
        scores = [
            label_score(
                candidate.label,
                self._sums[i],
                TextSize(self._lengths[i], max(0, self._lengths[i] - 1), candidate.answer_bytes),
                self._request.divide_by,
            )
            for i, candidate in enumerate(self._request.candidates)
        ]
        return likeliest(self._request, scores)


def _rows(encoded: Sequence[list[int]]) -> list[ScoringRow]:
    stems: dict[tuple[int, ...], list[int]] = {}
    for i, ids in enumerate(encoded):
        if len(ids) > 1:
            stems.setdefault(tuple(ids[:-1]), []).append(i)
    return [
        ScoringRow(stem, tuple(encoded[i][-1] for i in places), tuple(places))
        for stem, places in stems.items()
    ]


@dataclass(frozen=True)
class Scorer:
    """A model that says how likely texts are."""

    model: PreTrainedModel

    def nll_sums(self, rows: Sequence[ScoringRow]) -> list[list[float]]:
        """For each row and last token: the negative log-likelihoods of all its tokens, summed."""
        device = self.model.device
        width = max(len(row.ids) for row in rows)
        # Padding on the right, behind what causal attention looks at: a row's numbers are its own.
        gaps = [width - len(row.ids) for row in rows]
        ids = [[*row.ids, *[0] * gap] for row, gap in zip(rows, gaps, strict=True)]
        mask = [[1] * (width - gap) + [0] * gap for gap in gaps]
        with torch.inference_mode():
            logits = self.model(
                input_ids=torch.tensor(ids, device=device),
                attention_mask=torch.tensor(mask, device=device),
                use_cache=False,
            ).logits
            return [_sums(logits[i, : len(row.ids)], row) for i, row in enumerate(rows)]


def _sums(logits: torch.Tensor, row: ScoringRow) -> list[float]:
    """Log-softmax in float32, one row at a time: the whole batch's would not fit."""
    scores = logits.float()
    normalizer = torch.logsumexp(scores, dim=-1)
    read = torch.tensor(row.ids[1:], device=scores.device, dtype=torch.long).unsqueeze(-1)
    shared = (normalizer[:-1] - scores[:-1].gather(-1, read).squeeze(-1)).sum()
    lasts = normalizer[-1] - scores[-1][torch.tensor(row.lasts, device=scores.device)]
    sums: list[float] = (shared + lasts).tolist()
    return sums
