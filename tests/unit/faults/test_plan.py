"""A request's fate is a matter of the seed, not of luck or of who else asks."""

from __future__ import annotations

from collections import Counter

import pytest

from faults.plan import NONE, OUTAGE, Dice, Fate, Faults

REQUESTS = [f"POST /apis/batch/v1/namespaces/team/jobs/{number}" for number in range(400)]


def fates(faults: Faults, *, watch: bool = False, held: bool = False) -> list[Fate]:
    dice = Dice()
    return [dice.draw(faults, one, watch=watch, held=held).fate for one in REQUESTS]


def test_same_seed_gives_the_same_fates() -> None:
    faults = Faults(seed=3, chances={Fate.FAILED: 0.3, Fate.LOST: 0.2})
    assert fates(faults) == fates(faults)
    assert fates(faults) != fates(Faults(seed=4, chances=faults.chances))


def test_order_of_different_requests_does_not_matter() -> None:
    faults = Faults(seed=3, chances={Fate.FAILED: 0.5})
    forwards, backwards = Dice(), Dice()
    told = {one: forwards.draw(faults, one, watch=False, held=False) for one in REQUESTS}
    assert told == {
        one: backwards.draw(faults, one, watch=False, held=False) for one in reversed(REQUESTS)
    }


def test_same_request_has_another_fate_the_next_time() -> None:
    faults, dice = Faults(seed=3, chances={Fate.FAILED: 0.5}), Dice()
    drawn = [dice.draw(faults, "GET /x", watch=False, held=False).fate for _ in range(50)]
    assert set(drawn) == {Fate.FAILED, Fate.PASSED}


@pytest.mark.parametrize(
    ("faults", "least", "most"),
    [
        pytest.param(NONE, 0, 0, id="none"),
        pytest.param(OUTAGE, 400, 400, id="outage"),
        pytest.param(Faults(chances={Fate.FAILED: 0.1}), 20, 60, id="one-in-ten"),
        pytest.param(Faults(chances={Fate.FAILED: 1}, only="GET"), 0, 0, id="of-other-requests"),
        pytest.param(Faults(chances={Fate.FAILED: 1}, only="jobs/1$"), 1, 1, id="of-one-path"),
    ],
)
def test_as_many_fail_as_the_chance_says(faults: Faults, least: int, most: int) -> None:
    assert least <= sum(fate is not Fate.PASSED for fate in fates(faults)) <= most


@pytest.mark.parametrize(
    ("fate", "watch", "held"),
    [
        pytest.param(Fate.GONE, False, False, id="gone-is-for-watches"),
        pytest.param(Fate.SILENT, False, False, id="silence-is-for-watches"),
        pytest.param(Fate.STALE, False, False, id="stale-needs-an-older-answer"),
    ],
)
def test_what_cannot_be_does_not_happen(fate: Fate, watch: bool, held: bool) -> None:
    faults = Faults(chances={fate: 1.0})
    assert set(fates(faults, watch=watch, held=held)) == {Fate.PASSED}
    assert set(fates(faults, watch=True, held=True)) == {fate}


def test_every_answer_is_late_within_the_bounds() -> None:
    faults, dice = Faults(delay_seconds=(0.2, 0.4)), Dice()
    delays = [dice.draw(faults, one, watch=False, held=False).delay_seconds for one in REQUESTS]
    assert 0.2 <= min(delays) < 0.25
    assert 0.35 < max(delays) <= 0.4


def test_every_status_is_used() -> None:
    faults, dice = Faults(chances={Fate.FAILED: 1.0}), Dice()
    drawn = Counter(dice.draw(faults, one, watch=False, held=False).status for one in REQUESTS)
    assert set(drawn) == {500, 429, 503, 504}
