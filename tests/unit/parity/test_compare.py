from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from unit.parity.recordings import choice, item, recording, row

from parity.compare import Aspect, Comparison, Difference, compare, total
from parity.records import Item, Recording


def by_aspect(ours: Recording, theirs: Recording) -> dict[Aspect, Comparison]:
    return {held.aspect: held for held in compare(ours, theirs)}


def test_a_recording_is_equal_to_itself_in_everything_it_holds() -> None:
    held = recording(item(), row(), row("astronomy", is_group=True, version=None))
    found = by_aspect(held, held)
    assert {aspect: (one.compared, one.equal) for aspect, one in found.items()} == {
        Aspect.PROMPT: (1, 1),
        Aspect.TOKENS: (1, 1),
        Aspect.GENERATION: (1, 1),
        Aspect.EXTRACTED: (1, 1),
        Aspect.SCORE: (1, 1),
        Aspect.ROW: (1, 1),
        Aspect.GROUP: (1, 1),
        Aspect.HASH: (1, 1),
    }


def test_every_label_is_compared() -> None:
    found = by_aspect(recording(choice()), recording(choice()))
    assert (found[Aspect.PROMPT].compared, found[Aspect.VALUE].compared) == (2, 2)
    assert found[Aspect.CHOICE].compared == 1


@pytest.mark.parametrize(
    ("aspect", "changes"),
    [
        pytest.param(Aspect.PROMPT, {"prompts": {"": "How many moons?"}}, id="prompt"),
        pytest.param(Aspect.TOKENS, {"token_ids": {"": [1, 2, 4]}}, id="tokens"),
        pytest.param(Aspect.GENERATION, {"generation": "B, two "}, id="generation"),
        pytest.param(Aspect.EXTRACTED, {"extracted": "A"}, id="extracted"),
        pytest.param(Aspect.EXTRACTED, {"extracted": None}, id="extracted-nothing"),
        pytest.param(Aspect.SCORE, {"score": 0.0}, id="score"),
        pytest.param(Aspect.SCORE, {"score": None}, id="scored-by-one-side"),
    ],
)
def test_one_difference_shows_in_its_aspect_alone(aspect: Aspect, changes: dict[str, Any]) -> None:
    found = by_aspect(recording(item()), recording(item(**changes)))
    assert [held for held in found if not found[held].holds] == [aspect]


@pytest.mark.parametrize(
    ("aspect", "changes"),
    [
        pytest.param(Aspect.ROW, {"value": 99.0}, id="value"),
        pytest.param(Aspect.ROW, {"value": None}, id="no-value"),
        pytest.param(Aspect.HASH, {"version": "c0ffee"}, id="version"),
    ],
)
def test_rows_differ_by_value_and_version(aspect: Aspect, changes: dict[str, Any]) -> None:
    found = by_aspect(recording(row()), recording(row(**changes)))
    assert [held for held in found if not found[held].holds] == [aspect]


def test_what_one_side_lacks_is_a_difference_in_everything() -> None:
    found = compare(recording(item(), row()), recording())
    assert found
    assert not any(held.equal for held in found)


@pytest.mark.parametrize(
    ("theirs", "holds"),
    [
        pytest.param(1.25, True, id="same"),
        pytest.param(1.25009, True, id="within"),
        pytest.param(1.2502, False, id="beyond"),
        pytest.param(math.nan, False, id="not-a-number"),
    ],
)
def test_likelihoods_may_be_a_little_apart(theirs: float, holds: bool) -> None:
    other = choice(values={"A": 2.5, "B": theirs})
    assert by_aspect(recording(choice()), recording(other))[Aspect.VALUE].holds is holds


def test_the_worst_gap_is_that_of_the_numbers() -> None:
    other = choice(values={"A": 2.75, "B": 1.25})
    found = by_aspect(recording(choice()), recording(other))
    assert found[Aspect.VALUE].worst_gap == 0.25
    assert found[Aspect.PROMPT].worst_gap is None


def test_nothing_read_is_an_empty_text_or_none() -> None:
    found = by_aspect(recording(item(extracted="")), recording(item(extracted=None)))
    assert found[Aspect.EXTRACTED].holds


def test_a_difference_names_place_and_both_sides() -> None:
    found = by_aspect(recording(item()), recording(item(generation="C")))
    assert found[Aspect.GENERATION].differences == (
        Difference("astronomy/made-up moons/0", "'B, two'", "'C'"),
    )


def test_totals_add_up_by_aspect() -> None:
    one = compare(recording(item()), recording(item()))
    other = compare(recording(item("moons/1")), recording(item("moons/1", score=0.5)))
    found = {held.aspect: held for held in total([*one, *other])}
    assert (found[Aspect.SCORE].compared, found[Aspect.SCORE].equal) == (2, 1)
    assert found[Aspect.SCORE].worst_gap == 0.5
    assert len(found[Aspect.SCORE].differences) == 1


@pytest.mark.parametrize(
    ("kind", "holds"),
    [pytest.param(item, False, id="counted"), pytest.param(choice, True, id="of-likelihoods")],
)
def test_only_scores_made_of_likelihoods_may_be_apart(
    kind: Callable[..., Item], holds: bool
) -> None:
    found = by_aspect(recording(kind(score=0.25)), recording(kind(score=0.25002)))
    assert found[Aspect.SCORE].holds is holds
