"""How likely a transformers model finds tokens.

Only logits that are asked for are computed, a bounded number at a time: those of a whole batch are
a vocabulary for every token, many times what the model itself takes.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from transformers import PreTrainedModel

from kompass_worker.backends.scoring_sheets import RowScore, ScoringRow

LOGITS_AT_A_TIME: Final = {"cpu": 2**24, "cuda": 2**27}
"""Numbers of float32: 64 MiB and 512 MiB, and a few times that while they are worked on."""
_PROBE: Final = 8
"""Tokens that tell whether a model is a body with a head and nothing around it."""


@dataclass(frozen=True)
class Scorer:
    """A model that says how likely texts are."""

    model: PreTrainedModel
    is_plain: bool
    """Whether its logits are what its head makes of its body's states, and no more."""

    def scores(self, rows: Sequence[ScoringRow]) -> list[RowScore]:
        """What the model says of each row; log-softmax in float32."""
        asked = _Asked.of(rows)
        with torch.inference_mode():
            logits = self._logits(rows)
            nlls: list[float] = []
            greedy: list[bool] = []
            for part in asked.parts(self._at_a_time):
                scores = logits(torch.tensor(part.places)).float()
                at = torch.tensor(part.at, device=scores.device)
                token = torch.tensor(part.tokens, device=scores.device)
                held = torch.logsumexp(scores, dim=-1)[at] - scores[at, token]
                nlls += held.tolist()
                if asked.with_greedy:
                    greedy += (scores.argmax(dim=-1)[at] == token).tolist()
        return asked.shared_out(nlls, greedy)

    @property
    def _at_a_time(self) -> int:
        most = LOGITS_AT_A_TIME.get(self.model.device.type, LOGITS_AT_A_TIME["cpu"])
        return max(1, most // int(self.model.config.get_text_config().vocab_size))

    def _logits(self, rows: Sequence[ScoringRow]) -> Callable[[torch.Tensor], torch.Tensor]:
        """Read the rows; what comes back gives the logits behind places of the padded batch."""
        device = self.model.device
        width = max(len(row.ids) for row in rows)
        # Padding on the right, behind what causal attention looks at: a row's numbers are its own.
        gaps = [width - len(row.ids) for row in rows]
        given: dict[str, Any] = {
            "input_ids": torch.tensor(
                [[*row.ids, *[0] * gap] for row, gap in zip(rows, gaps, strict=True)],
                device=device,
            ),
            "attention_mask": torch.tensor(
                [[1] * (width - gap) + [0] * gap for gap in gaps], device=device
            ),
            "use_cache": False,
        }
        if not self.is_plain:
            logits = self.model(**given).logits.flatten(0, 1)
            return lambda places: logits[places.to(logits.device)]
        states = self.model.base_model(**given).last_hidden_state.flatten(0, 1)
        head = _head(self.model)
        assert head is not None, "a plain model has a head"
        return lambda places: head(states[places.to(states.device)])


@dataclass(frozen=True)
class _Part:
    """Some places of the batch, and the tokens asked for behind them."""

    places: list[int]
    at: list[int]
    """For each token: which of the places it is behind."""
    tokens: list[int]


@dataclass(frozen=True)
class _Asked:
    """The tokens whose likelihoods a batch is asked for, row by row."""

    rows: Sequence[ScoringRow]
    places: list[int]
    """In the padded batch, rising."""
    at: list[int]
    """For each token: which of the places it is behind; rising."""
    tokens: list[int]

    @classmethod
    def of(cls, rows: Sequence[ScoringRow]) -> _Asked:
        """What the rows ask for."""
        width = max(len(row.ids) for row in rows)
        asked = cls(rows, [], [], [])
        for number, row in enumerate(rows):
            first = len(asked.places)
            read = row.ids[row.start :]
            begin = number * width + row.start - 1
            asked.places.extend(range(begin, begin + len(read) + 1))
            asked.at.extend(range(first, first + len(read)))
            asked.at.extend([first + len(read)] * len(row.lasts))
            asked.tokens.extend((*read, *row.lasts))
        return asked

    @property
    def with_greedy(self) -> bool:
        """Whether any row wants to know what the model itself would write."""
        return any(row.with_greedy for row in self.rows)

    def parts(self, size: int) -> Iterator[_Part]:
        """The places, so many at a time."""
        for start in range(0, len(self.places), size):
            end = start + size
            some = slice(bisect_left(self.at, start), bisect_left(self.at, end))
            at = [place - start for place in self.at[some]]
            yield _Part(self.places[start:end], at, self.tokens[some])

    def shared_out(self, nlls: Sequence[float], greedy: Sequence[bool]) -> list[RowScore]:
        """Each row's own numbers."""
        found = []
        held, chosen = iter(nlls), iter(greedy)
        for row in self.rows:
            read, lasts = len(row.ids) - row.start, len(row.lasts)
            found.append(
                RowScore(
                    list(itertools.islice(held, read)),
                    list(itertools.islice(held, lasts)),
                    list(itertools.islice(chosen, read + lasts)),
                )
            )
        return found


def scorer_of(model: PreTrainedModel) -> Scorer:
    """A scorer that takes the shorter way only where it has seen that it leads to the same."""
    return Scorer(model, _is_plain(model))


def _is_plain(model: PreTrainedModel) -> bool:
    """Whether head and body alone give the model's logits, bit by bit, on a few tokens.

    Some models scale or bend their logits behind the head. Code that came with a model is not
    asked: it may have a body of any kind.
    """
    if not type(model).__module__.startswith("transformers.models."):
        return False
    head = _head(model)
    if head is None or model.base_model is model:
        return False
    vocabulary = model.config.get_text_config().vocab_size
    ids = torch.arange(_PROBE, device=model.device).unsqueeze(0) % vocabulary
    with torch.inference_mode():
        whole = model(input_ids=ids, use_cache=False).logits
        states = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        return torch.equal(head(states), whole)


def _head(model: PreTrainedModel) -> torch.nn.Module | None:
    head: torch.nn.Module | None = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    return head
