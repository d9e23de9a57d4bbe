"""Metrics that look for the nearest option: by edit distance, or as custom data is judged (13.4).

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import permutations
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.answers import Answered, Judgement, Verdict
from kompass_worker.scoring.extraction.options import first_option_0_5
from kompass_worker.scoring.lists import nested_field, text_field
from kompass_worker.scoring.metrics.metric import Metric, mean_metric
from kompass_worker.scoring.statistics import Estimate, estimate

Pattern = Literal["circular", "all_possible"]

_QUESTION: Final = "qid"
_ORDER: Final = "circular_pattern"


def edit_distance(*, candidates: str = "candidates") -> Metric:
    """The share whose nearest candidate, of a list in the row, has the reference as its index."""

    def judge(answered: Answered) -> Judgement:
        known = nested_field(answered.row, candidates)
        nearest = min(
            range(len(known)),
            key=lambda place: min(
                (Levenshtein.distance(answered.answer, each) for each in known[place]), default=0
            ),
        )
        right = answered.reference == str(nearest)
        return Judgement({"accuracy": float(right)}, read=str(nearest))

    return mean_metric(["accuracy"], judge, fields=[candidates], is_share=True)


def option_similarity(*, options: str = "ABCD") -> Metric:
    """The share whose option is the reference: named, its text alone said, or the nearest."""
    _check_letters(options)

    def judge(answered: Answered) -> Judgement:
        found = similar_option(answered.answer, options, answered.row)
        return Judgement({"accuracy": float(found == answered.reference)}, read=found)

    return mean_metric(["accuracy"], judge, fields=options, is_share=True)


def circular(*, options: str = "ABCD", pattern: Pattern = "circular") -> Metric:
    """Accuracy over rotations of the options, and the share right in some or all of them."""
    return _circular(options, pattern, lambda answered: answered.answer)


def circular_option_similarity(*, options: str = "ABCD", pattern: Pattern = "circular") -> Metric:
    """As `circular`, the option found as `option_similarity` finds it."""
    found = _circular(options, pattern, lambda each: similar_option(each.answer, options, each.row))
    return replace(found, fields=(*found.fields, *options))


def similar_option(given: str, options: str, row: Mapping[str, str]) -> str:
    """The option that a text means most likely; there always is one."""
    said = given.strip()
    if said in tuple(options):
        return said
    if named := _named(options)(said):
        return named
    of = {letter: text_field(row, letter) for letter in options}
    contained = [letter for letter, text in of.items() if text.lower() in said.lower()]
    if len(contained) == 1:
        return contained[0]
    return min(
        (
            min(Levenshtein.distance(said, form) for form in (letter, text, f"{letter}. {text}")),
            letter,
        )
        for letter, text in of.items()
    )[1]


def _circular(options: str, pattern: Pattern, read: Callable[[Answered], str]) -> Metric:
    _check_letters(options)
    spreads = _spreads(options, pattern)
    rows = [
        *(f"acc_{name}" for name in spreads),
        *(
            _row(name, least, len(orders))
            for name, orders in spreads.items()
            for least in range(1, len(orders) + 1)
        ),
    ]

    def judge(answered: Answered) -> Judgement:
        found = read(answered)
        right = float(found == answered.reference)
        order = _order(answered)
        named = [f"acc_{name}" for name, orders in spreads.items() if order in orders]
        return Judgement(dict.fromkeys(named or ["acc_circular"], right), read=found)

    def total(verdicts: Sequence[Verdict]) -> Mapping[str, Estimate]:
        found: dict[str, Estimate] = {}
        for name, orders in spreads.items():
            rights = _rights(verdicts, name, orders)
            found[f"acc_{name}"] = estimate([each for held in rights.values() for each in held])
            for least in range(1, len(orders) + 1):
                shares = [float(sum(held) >= least) for held in rights.values()]
                found[_row(name, least, len(orders))] = estimate(shares)
        return {row: found[row] for row in rows}

    return Metric(tuple(rows), judge, total, fields=(_QUESTION, _ORDER), is_share=True)


def _rights(
    verdicts: Sequence[Verdict], name: str, orders: frozenset[str]
) -> dict[str, list[float]]:
    """Of each question, what its rotations of this kind are worth."""
    found: dict[str, list[float]] = {}
    for verdict in verdicts:
        value = verdict.values.get(f"acc_{name}")
        if (
            verdict.answered is not None
            and value is not None
            and _order(verdict.answered) in orders
        ):
            found.setdefault(text_field(verdict.answered.row, _QUESTION), []).append(value)
    return found


def _spreads(options: str, pattern: Pattern) -> dict[str, frozenset[str]]:
    rotated = frozenset(options[start:] + options[:start] for start in range(len(options)))
    found = {"origin": frozenset({options}), "circular": rotated}
    if pattern == "all_possible":
        found["all_possible"] = frozenset(map("".join, permutations(options)))
    return found


def _row(name: str, least: int, most: int) -> str:
    return f"perf_{name}" if least == most else f"more_{least}_{name}"


def _order(answered: Answered) -> str:
    # ABCD, ["A", "B", "C", "D"] or ('A', 'B', 'C', 'D'): only the letters say something.
    return "".join(filter(str.isalnum, text_field(answered.row, _ORDER)))


@lru_cache
def _named(options: str) -> Callable[[str], str]:
    return first_option_0_5(options=options, cushion=False)


def _check_letters(options: str) -> None:
    if len(options) <= 1 or not all("A" <= letter <= "Z" for letter in options):
        raise InvalidRequest(f"options: found {options!r}; expected capital letters, such as ABCD")
