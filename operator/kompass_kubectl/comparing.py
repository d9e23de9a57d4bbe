"""Two runs' headline numbers side by side. Pure.

The status has no single answers, so there is no paired test here: `kompass compare` makes one from
the objects of the two runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kompass_kubectl.runs import Run, Score

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Row:
    """One benchmark and metric in both runs."""

    benchmark: str
    model: str
    metric: str
    first: Score | None
    second: Score | None

    @property
    def difference(self) -> Decimal | None:
        """Second minus first, where both have a number of the same version."""
        if self.first is None or self.second is None or not self.is_comparable:
            return None
        try:
            return Decimal(self.second.value) - Decimal(self.first.value)
        except InvalidOperation:
            return None

    @property
    def is_comparable(self) -> bool:
        """Whether both numbers, if there are two, mean the same."""
        both = self.first is not None and self.second is not None
        return not both or self.first.version == self.second.version  # type: ignore[union-attr]


def compared(first: Run, second: Run) -> list[Row]:
    """Rows of both runs in the first one's order; models are told apart where there are several."""
    by_model = len({score.model for run in (first, second) for score in run.scores}) > 1
    alone = all(len({score.model for score in run.scores}) == 1 for run in (first, second))
    keyed = by_model and not alone
    left, right = _by_key(first, keyed=keyed), _by_key(second, keyed=keyed)
    return [
        Row(
            benchmark=key[0],
            model=key[1],
            metric=key[2],
            first=left.get(key),
            second=right.get(key),
        )
        for key in dict.fromkeys((*left, *right))
    ]


def _by_key(run: Run, *, keyed: bool) -> dict[_Key, Score]:
    return {
        (score.benchmark, score.model if keyed else "", score.metric): score for score in run.scores
    }
