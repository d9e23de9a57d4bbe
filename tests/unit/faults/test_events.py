"""Events of a watch come twice, late or no more; none is invented, and only the last is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.events import GONE, Cut, Lines
from faults.plan import Faults

EVENTS = [json.dumps({"type": "MODIFIED", "object": {"n": n}}).encode() + b"\n" for n in range(60)]


def passed(faults: Faults, chunks: list[bytes], seed: int = 1) -> list[bytes]:
    lines = Lines(faults, seed)
    return [line for chunk in chunks for line in lines.taken(chunk)]


@given(cuts=st.lists(st.integers(0, sum(map(len, EVENTS))), max_size=20))
def test_lines_stay_whole_however_they_arrive(cuts: list[int]) -> None:
    text, places = b"".join(EVENTS), sorted({0, *cuts})
    chunks = [text[a:b] for a, b in zip(places, [*places[1:], len(text)], strict=True)]
    assert passed(Faults(), chunks) == EVENTS


def test_duplicates_stand_beside_each_other() -> None:
    found = passed(Faults(duplicated=0.5), EVENTS)
    assert len(EVENTS) < len(found) < 2 * len(EVENTS)
    assert list(dict.fromkeys(found)) == EVENTS


def test_late_events_come_after_the_next_one() -> None:
    found = passed(Faults(delayed=0.5), EVENTS)
    assert found != EVENTS
    # The last may still wait for one that follows it.
    assert set(EVENTS[:-1]) <= set(found)
    assert all(abs(EVENTS.index(line) - place) <= 1 for place, line in enumerate(found))


def test_watch_ends_after_an_event() -> None:
    found: list[bytes] = []
    with pytest.raises(Cut):
        _collect(Lines(Faults(cut=0.2), 1), found)
    assert found == EVENTS[: len(found)]
    assert 0 < len(found) < len(EVENTS)


def _collect(lines: Lines, found: list[bytes]) -> None:
    for event in EVENTS:
        found.extend(lines.taken(event))


def test_end_of_history_is_told_as_an_api_server_does() -> None:
    said = json.loads(GONE)
    assert (said["type"], said["object"]["code"]) == ("ERROR", 410)
