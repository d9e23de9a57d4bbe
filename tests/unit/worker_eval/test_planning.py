"""Items in shards: each exactly once, no shard empty, equal in time, in whatever order given."""

from __future__ import annotations

import random
import re
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.worker_eval.builders import (
    TOY,
    CharacterTokenizer,
    endpoint_of,
    ppl_spec_of,
    row,
    spec_of,
    toy_folder,
)

from kompass_api.benchmark import Subject
from kompass_api.evalrun import Sharding
from kompass_api.plandocument import Plan, PlannedSubject
from kompass_api.rundocument import ResolvedBenchmark
from kompass_api.scoring import GroupMember, RowGroup
from kompass_worker.benchmarks import Catalogue, builtin, catalogue, select
from kompass_worker.errors import InvalidRequest
from kompass_worker.planning import (
    RowCounts,
    pack,
    plan,
    planned_groups,
    planned_subject,
    run_groups,
)
from kompass_worker.planning.plans import NEW_TOKEN_COST, cost
from kompass_worker.prompts import Fitted, asked_subject, fit

COSTS = st.lists(st.integers(min_value=0, max_value=5000), min_size=1, max_size=200)


@given(COSTS, st.integers(min_value=1, max_value=64))
def test_a_number_of_shards_splits_the_cost_evenly(costs: list[int], shards: int) -> None:
    stretches = pack(costs, Sharding(shards_per_model=shards))
    assert list(chain.from_iterable(stretches)) == list(range(len(costs)))
    assert len(stretches) == min(shards, len(costs))
    assert min(map(len, stretches)) >= 1
    heaviest = max(sum(costs[at] for at in stretch) for stretch in stretches)
    assert heaviest <= sum(costs) / len(stretches) + max(costs)


@given(COSTS, st.integers(min_value=1, max_value=64))
def test_a_limit_of_items_is_kept_with_as_few_shards_as_it_allows(
    costs: list[int], limit: int
) -> None:
    stretches = pack(costs, Sharding(max_items_per_shard=limit))
    assert list(chain.from_iterable(stretches)) == list(range(len(costs)))
    assert len(stretches) == -(-len(costs) // limit)
    assert 1 <= min(map(len, stretches)) <= max(map(len, stretches)) <= limit


@pytest.mark.parametrize(
    ("costs", "sharding", "expected"),
    [
        pytest.param([1, 1, 1, 1], Sharding(), [range(4)], id="one-shard-if-nothing-is-said"),
        pytest.param(
            [1, 1, 1, 1], Sharding(shards_per_model=2), [range(2), range(2, 4)], id="equal-items"
        ),
        pytest.param(
            [9, 1, 1, 1], Sharding(shards_per_model=2), [range(1), range(1, 4)], id="a-long-item"
        ),
        pytest.param(
            [1, 1],
            Sharding(shards_per_model=9),
            [range(1), range(1, 2)],
            id="fewer-items-than-shards",
        ),
        pytest.param(
            [100, 1, 1],
            Sharding(shards_per_model=3),
            [range(1), range(1, 2), range(2, 3)],
            id="none-is-empty",
        ),
        pytest.param(
            [1, 1, 8, 1, 1],
            Sharding(max_items_per_shard=3),
            [range(2), range(2, 5)],
            id="a-limit-still-balances",
        ),
    ],
)
def test_where_the_cuts_are(costs: list[int], sharding: Sharding, expected: list[range]) -> None:
    assert pack(costs, sharding) == expected


ASKED = ResolvedBenchmark(name="toys")


def fitted(folder: Path, *names: str, rows: int = 3) -> list[Fitted]:
    found = []
    for name in names:
        val = [row(f"{name} {'x' * number}") for number in range(rows)]
        toy_folder(folder, val=val)
        for split in ("dev", "val"):
            (folder / split / f"toy_{split}.csv").rename(folder / split / f"{name}_{split}.csv")
        asked = asked_subject(
            "toys", spec_of(), Subject(name=name), folder, max_new_tokens=4
        ).questions
        found += fit(asked, CharacterTokenizer(), endpoint_of())
    return found


def planned(items: dict[str, list[Fitted]], *names: str, **sharding: int) -> Plan:
    spec = spec_of()
    subjects = [
        planned_subject(
            ASKED, spec, Subject(name=name), data_digest="sha256:d", counted=RowCounts(3)
        )
        for name in names
    ]
    return plan("sha256:run", items, sharding=Sharding(**sharding), subjects=subjects, groups=[])


def test_shards_are_numbered_through_the_models_in_their_order(tmp_path: Path) -> None:
    items = fitted(tmp_path, "b", "a")
    made = planned({"y": items, "x": items}, "b", "a", shards_per_model=2)
    assert [(shard.index, shard.model) for shard in made.shards] == [
        (0, "y"),
        (1, "y"),
        (2, "x"),
        (3, "x"),
    ]
    assert [item.id for item in made.shards[0].items + made.shards[1].items] == [
        f"toys/{name}/{number}" for name in "ba" for number in range(3)
    ]
    assert made.shards[0].tokens == sum(item.tokens for item in made.shards[0].items)


def test_a_plan_does_not_depend_on_the_order_of_the_questions(tmp_path: Path) -> None:
    items = fitted(tmp_path, "a", "b", "c")
    shuffled = random.Random(7).sample(items, len(items))
    assert planned({"m": shuffled}, "a", "b", "c", shards_per_model=4) == planned(
        {"m": items}, "a", "b", "c", shards_per_model=4
    )


def test_an_item_planned_twice_is_a_bug(tmp_path: Path) -> None:
    items = fitted(tmp_path, "a")
    with pytest.raises(ValueError, match="item toys/a/1 is planned twice for model m"):
        planned({"m": [*items, items[1]]}, "a")


def test_writing_costs_more_than_reading_and_choosing_writes_nothing(tmp_path: Path) -> None:
    toy_folder(tmp_path)
    costs = []
    for spec in (spec_of(), ppl_spec_of()):
        asked = asked_subject("toys", spec, TOY, tmp_path, max_new_tokens=10).questions
        (only,) = fit(asked, CharacterTokenizer(), endpoint_of())
        costs.append(cost(only) - only.tokens)
    assert costs == [10 * NEW_TOKEN_COST, 0]


def test_a_planned_subject_says_what_its_number_will_rest_on() -> None:
    spec = builtin("ceval-gen")
    found = planned_subject(
        ResolvedBenchmark(name="ceval-gen", limit=3),
        spec,
        spec.subjects[0],
        data_digest="d",
        counted=RowCounts(3),
    )
    assert found.row_name == "ceval-computer_network"
    assert (
        found.content_hash
        != planned_subject(
            ResolvedBenchmark(name="ceval-gen"),
            spec,
            spec.subjects[0],
            data_digest="d",
            counted=RowCounts(3),
        ).content_hash
    )


def test_only_groups_with_all_their_subjects_are_planned(tmp_path: Path) -> None:
    spec = builtin("ceval-gen")
    known: Catalogue = catalogue(spec, tmp_path)
    hard = next(group for group in known.groups if group.name == "ceval-hard")
    chosen = select(known, [*hard.subjects, "law"])
    (only,) = planned_groups("ceval-gen", spec, known, chosen)
    assert only.name == "ceval-hard"
    assert [held.row for held in only.members] == [f"ceval-{name}" for name in hard.subjects]


def planned_row(name: str, benchmark: str = "b") -> PlannedSubject:
    return planned_subject(
        ResolvedBenchmark(name=benchmark),
        spec_of(rowName=name),
        Subject(name="toy"),
        data_digest="d",
        counted=RowCounts(1),
    )


def test_a_group_of_the_run_finds_its_rows_and_earlier_groups() -> None:
    wanted = [
        RowGroup(name="both", members=[GroupMember(row="r"), GroupMember(row="s")]),
        RowGroup(name="all", members=[GroupMember(row="both"), GroupMember(row="r")]),
    ]
    both, everything = run_groups(wanted, [planned_row("r"), planned_row("s", "c")], [])
    assert [(held.row, held.benchmark) for held in both.members] == [("r", "b"), ("s", "c")]
    assert [(held.row, held.benchmark) for held in everything.members] == [("both", ""), ("r", "b")]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        pytest.param(
            GroupMember(row="ss"), "the run has no row 'ss'; did you mean s?", id="unknown"
        ),
        pytest.param(
            GroupMember(row="s", benchmark="x"), "the run has no row 's'", id="of-another-benchmark"
        ),
        pytest.param(
            GroupMember(row="r"), "b and c both have a row 'r': say which", id="ambiguous"
        ),
    ],
)
def test_a_group_of_the_run_with_a_wrong_row_is_refused(member: GroupMember, message: str) -> None:
    rows = [planned_row("r"), planned_row("r", "c"), planned_row("s")]
    with pytest.raises(InvalidRequest, match=re.escape(message)):
        run_groups([RowGroup(name="mine", members=[member])], rows, [])
