"""Two recordings of the same, item by item.

Pure. An item or row that only one side has is a difference in everything that is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from parity.records import Item, Recording, Row

TOLERANCE: Final = 1e-4
"""How far likelihoods may be apart."""
ROUNDING: Final = 1e-9
"""How far scores may be apart that have no part of a likelihood in them."""


class Aspect(StrEnum):
    """What is compared."""

    PROMPT = "prompt text"
    TOKENS = "token ids"
    GENERATION = "greedy generations"
    CHOICE = "choices by likelihood"
    VALUE = "likelihoods"
    EXTRACTED = "extracted answers"
    SCORE = "scores"
    ROW = "rows of subjects"
    GROUP = "rows of groups"
    HASH = "version hashes"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same."""

    place: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Comparison:
    """How many of one aspect are the same."""

    aspect: Aspect
    compared: int
    equal: int
    worst_gap: float | None
    """Of numbers, over those that both sides have."""
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether all of it is the same."""
        return self.compared == self.equal


@dataclass(frozen=True)
class _Pair:
    """One thing of both sides; None where a side does not have it."""

    place: str
    ours: object
    theirs: object


def compare(ours: Recording, theirs: Recording) -> list[Comparison]:
    """Every aspect that either side has something of, in the order of the table."""
    has_likelihoods = any(item.values for item in (*ours.items, *theirs.items))
    close = TOLERANCE if has_likelihoods else ROUNDING
    found = [*_of_items(ours.items, theirs.items, close), *_of_rows(ours.rows, theirs.rows, close)]
    return [comparison for comparison in found if comparison.compared]


def total(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """The comparisons of several recordings, added up by aspect."""
    by_aspect: dict[Aspect, list[Comparison]] = {}
    for comparison in comparisons:
        by_aspect.setdefault(comparison.aspect, []).append(comparison)
    return [_added(aspect, by_aspect[aspect]) for aspect in Aspect if aspect in by_aspect]


def _added(aspect: Aspect, parts: Sequence[Comparison]) -> Comparison:
    return Comparison(
        aspect=aspect,
        compared=sum(part.compared for part in parts),
        equal=sum(part.equal for part in parts),
        worst_gap=_worst(part.worst_gap for part in parts),
        differences=tuple(held for part in parts for held in part.differences),
    )


_Reads = Callable[[Item], Mapping[str, object]]

_ITEM_ASPECTS: Final[Mapping[Aspect, _Reads]] = {
    Aspect.PROMPT: lambda item: item.prompts,
    Aspect.TOKENS: lambda item: item.token_ids,
    Aspect.GENERATION: lambda item: _one(item.generation),
    Aspect.CHOICE: lambda item: _one(item.choice),
    Aspect.VALUE: lambda item: item.values,
    Aspect.EXTRACTED: lambda item: _one(_extracted(item)),
    Aspect.SCORE: lambda item: _one(item.score),
}
_ROW_ASPECTS: Final[Mapping[Aspect, Callable[[Row], object]]] = {
    Aspect.ROW: lambda row: None if row.is_group else row.value,
    Aspect.GROUP: lambda row: row.value if row.is_group else None,
    Aspect.HASH: lambda row: row.version,
}
_NUMBERS: Final = frozenset({Aspect.SCORE, Aspect.ROW, Aspect.GROUP})


def _tolerance(aspect: Aspect, close: float) -> float | None:
    """How far apart the aspect's numbers may be; None where it has none."""
    if aspect is Aspect.VALUE:
        return TOLERANCE
    return close if aspect in _NUMBERS else None


def _extracted(item: Item) -> str | None:
    """What was read out of an answer; where that is nothing, OpenCompass may say None for it."""
    is_judged = item.generation is not None and item.score is not None
    return "" if item.extracted is None and is_judged else item.extracted


def _one(value: object) -> Mapping[str, object]:
    return {} if value is None else {"": value}


def _of_items(ours: Sequence[Item], theirs: Sequence[Item], close: float) -> Iterable[Comparison]:
    left = {(item.suite, item.item): item for item in ours}
    right = {(item.suite, item.item): item for item in theirs}
    places = list(dict.fromkeys([*left, *right]))
    for aspect, read in _ITEM_ASPECTS.items():
        pairs: list[_Pair] = []
        for place in places:
            mine = read(left[place]) if place in left else {}
            other = read(right[place]) if place in right else {}
            name = " ".join(place)
            pairs += [
                _Pair(f"{name} {label}".rstrip(), mine.get(label), other.get(label))
                for label in dict.fromkeys([*mine, *other])
            ]
        yield _compared(aspect, pairs, _tolerance(aspect, close))


def _of_rows(ours: Sequence[Row], theirs: Sequence[Row], close: float) -> Iterable[Comparison]:
    left = {(row.suite, row.row): row for row in ours}
    right = {(row.suite, row.row): row for row in theirs}
    for aspect, read in _ROW_ASPECTS.items():
        pairs = [
            _Pair(
                " ".join(place),
                read(left[place]) if place in left else None,
                read(right[place]) if place in right else None,
            )
            for place in dict.fromkeys([*left, *right])
        ]
        held = [pair for pair in pairs if (pair.ours, pair.theirs) != (None, None)]
        yield _compared(aspect, held, _tolerance(aspect, close))


def _compared(aspect: Aspect, pairs: Sequence[_Pair], tolerance: float | None) -> Comparison:
    different = [pair for pair in pairs if not _same(pair, tolerance)]
    return Comparison(
        aspect=aspect,
        compared=len(pairs),
        equal=len(pairs) - len(different),
        worst_gap=_worst(_gap(pair) for pair in pairs) if tolerance is not None else None,
        differences=tuple(
            Difference(pair.place, _shown(pair.ours), _shown(pair.theirs)) for pair in different
        ),
    )


def _same(pair: _Pair, tolerance: float | None) -> bool:
    if tolerance is None:
        return pair.ours == pair.theirs
    gap = _gap(pair)
    return gap is not None and gap <= tolerance


def _gap(pair: _Pair) -> float | None:
    if isinstance(pair.ours, int | float) and isinstance(pair.theirs, int | float):
        both_nan = math.isnan(pair.ours) and math.isnan(pair.theirs)
        return 0.0 if both_nan or pair.ours == pair.theirs else abs(pair.ours - pair.theirs)
    return None


def _worst(gaps: Iterable[float | None]) -> float | None:
    return max((gap for gap in gaps if gap is not None), default=None)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
