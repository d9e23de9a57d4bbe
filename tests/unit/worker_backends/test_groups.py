"""A shard's requests reach the backend subject by subject, and none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kompass_api.plandocument import PlannedItem
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.prompts.requests import GenerationRequest, Request, ungrouped
from kompass_worker.stages.shard import groups_of


def planned(subject: str, row: int) -> PlannedItem:
    item = f"b/{subject}/{row}"
    return PlannedItem(
        id=item, benchmark="b", subject=subject, row=row, prompt_hash="", tokens=1, examples=0
    )


def requests_of(items: list[PlannedItem]) -> list[Request]:
    return [GenerationRequest(item.id, f"question {item.row}", 4) for item in items]


ITEMS = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 99)), unique=True).map(
    lambda pairs: [planned(*pair) for pair in pairs]
)


def test_the_questions_of_a_subject_are_one_group() -> None:
    items = [planned("x", 0), planned("y", 0), planned("x", 1)]
    one, two, three = requests_of(items)
    first, second = groups_of(items, [one, two, three])
    assert (first.requests, second.requests) == ((one, three), (two,))


@given(items=ITEMS, cut=st.integers(0, 20))
def test_any_number_of_shards_asks_and_answers_the_same(items: list[PlannedItem], cut: int) -> None:
    whole = groups_of(items, requests_of(items))
    assert sorted(one.item for one in ungrouped(whole)) == sorted(item.id for item in items)
    parts = [
        *groups_of(items[:cut], requests_of(items[:cut])),
        *groups_of(items[cut:], requests_of(items[cut:])),
    ]
    answers, again = (
        {one.item: one for one in FakeBackend().answer(groups)} for groups in (whole, parts)
    )
    assert answers == again
