"""Gaps in what shards left: found by the proof, filled by their shards, or told in a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from unit.worker.runs import Bench
from unit.worker.test_life_of_a_run import (
    Interrupted,
    complete,
    no_progress,
    planned,
    report_of,
)

from kompass_api.outcomes import ExitCode, FailureClass
from kompass_worker.backends.models import FakeModels
from kompass_worker.errors import (
    IncompleteResults,
    InvalidData,
    RestartsExhausted,
    StorageUnavailable,
)
from kompass_worker.inference.layout import PartPlace, part_key
from kompass_worker.inference.parts import decode_part, encode_part
from kompass_worker.stages.shard import Terms, run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.termination import message_of

PART = part_key(PartPlace(1, 0, 0))
Damage = Callable[[Bench], None]


def drop_a_part(bench: Bench) -> None:
    del bench.store.objects[PART]


def drop_the_manifest(bench: Bench) -> None:
    del bench.store.objects["shards/infer/00001/manifest.json"]


def cut_a_part_off(bench: Bench) -> None:
    bench.store.put(PART, bench.store.get(PART)[:-5])


def change_an_answer(bench: Bench) -> None:
    first, *others = decode_part(PART, 0, bench.store.get(PART)).predictions
    changed = first.model_copy(update={"prediction": "Z"})
    bench.store.put(PART, encode_part([changed, *others]))


def change_a_prompt(bench: Bench) -> None:
    first, *others = decode_part(PART, 0, bench.store.get(PART)).predictions
    changed = first.model_copy(update={"prompt_hash": "sha256:" + "0" * 64})
    bench.store.put(PART, encode_part([changed, *others]))


DAMAGES = [
    pytest.param(drop_a_part, 2, id="part-is-gone"),
    pytest.param(drop_the_manifest, 0, id="manifest-is-gone"),
    pytest.param(cut_a_part_off, 2, id="part-is-cut-off"),
    pytest.param(change_an_answer, 2, id="answer-has-changed"),
    pytest.param(change_a_prompt, 2, id="answer-to-another-prompt"),
]


@pytest.mark.parametrize(("damage", "lost"), DAMAGES)
def test_gap_is_named_with_its_shard(bench: Bench, damage: Damage, lost: int) -> None:
    complete(bench, planned(bench))
    damage(bench)
    with pytest.raises(IncompleteResults) as caught:
        run_summarize(bench.place())
    message = message_of(caught.value)
    assert (message.failure, message.gaps) == (FailureClass.INCOMPLETE_RESULTS, "1")
    assert caught.value.exit_code is ExitCode.DATA
    assert not bench.store.entries("report/")


@pytest.mark.parametrize(("damage", "lost"), DAMAGES)
def test_gap_is_filled_and_nothing_else_is_computed(
    bench: Bench, damage: Damage, lost: int
) -> None:
    complete(bench, planned(bench))
    whole = report_of(bench)
    damage(bench)
    seen: list[int] = []
    run_shard(bench.place(), 1, lambda done, _total: seen.append(done), Terms(repair=1))
    assert len(seen[1:]) == lost
    assert json.loads(report_of(bench))["scores"] == json.loads(whole)["scores"]
    assert json.loads(report_of(bench))["completeness"]["missing"] == []


def test_filled_gap_is_filled_once(bench: Bench) -> None:
    complete(bench, planned(bench))
    drop_a_part(bench)
    run_shard(bench.place(), 1, no_progress, Terms(repair=1))
    models = FakeModels()
    run_shard(bench.place(models), 1, no_progress, Terms(repair=1))
    assert models.loads == 0


def test_part_report_counts_and_names_what_is_missing(bench: Bench) -> None:
    planned(bench)
    run_shard(bench.place(), 0, no_progress)
    with pytest.raises(RuntimeError, match="killed"):
        run_shard(bench.place(FakeModels(Interrupted(3, killed))), 1, no_progress)
    outcome, report = run_summarize(bench.place(), partial=True)
    assert outcome.partial
    assert (outcome.items.planned, outcome.items.answered, outcome.items.missing) == (10, 7, 3)
    assert len(outcome.missing) == 3
    assert report.completeness.missing == outcome.missing
    assert "INCOMPLETE: 7 of 10" in bench.store.get("report/report.md").decode()


def test_part_report_of_models_without_an_answer_leaves_them_empty(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(shards=1, models=2)
    planned(bench)
    run_shard(bench.place(), 0, no_progress)
    _, report = run_summarize(bench.place(), partial=True)
    assert [held.model for held in report.models] == ["model-0"]
    values = {score.value is None for score in report.scores if score.model == "model-1"}
    assert values == {True}


def test_part_report_of_a_whole_run_is_whole(bench: Bench) -> None:
    complete(bench, planned(bench))
    outcome, _ = run_summarize(bench.place(), partial=True)
    assert not outcome.partial
    assert outcome.items.missing == 0


def test_part_report_of_nothing_is_refused(bench: Bench) -> None:
    planned(bench)
    with pytest.raises(IncompleteResults, match="0 of 10"):
        run_summarize(bench.place(), partial=True)


def killed() -> None:
    message = "killed"
    raise RuntimeError(message)


def in_job(bench: Bench, uid: str, models: FakeModels | None = None) -> Workplace:
    place = bench.place(models)
    return replace(place, settings=place.settings.model_copy(update={"job_uid": uid}))


def interrupted_often(bench: Bench, uid: str, times: int, end: Callable[[], None] = killed) -> None:
    planned(bench)
    for _ in range(times):
        with pytest.raises((RuntimeError, StorageUnavailable, InvalidData)):
            run_shard(
                in_job(bench, uid, FakeModels(Interrupted(0, end))),
                0,
                no_progress,
                Terms(max_restarts=2),
            )


def test_shard_that_is_interrupted_too_often_ends_with_its_budget(bench: Bench) -> None:
    interrupted_often(bench, "job", 3)
    with pytest.raises(RestartsExhausted, match=r"interrupted 3 times, .* is 2") as caught:
        run_shard(in_job(bench, "job"), 0, no_progress, Terms(max_restarts=2))
    assert caught.value.exit_code is ExitCode.CONFIG


def test_storage_that_was_away_counts_as_an_interruption(bench: Bench) -> None:
    def away() -> None:
        raise StorageUnavailable("no answer")

    interrupted_often(bench, "job", 3, away)
    with pytest.raises(RestartsExhausted):
        run_shard(in_job(bench, "job"), 0, no_progress, Terms(max_restarts=2))


def test_failure_of_its_own_is_no_interruption(bench: Bench) -> None:
    def wrong() -> None:
        raise InvalidData("row 3")

    interrupted_often(bench, "job", 3, wrong)
    run_shard(in_job(bench, "job"), 0, no_progress, Terms(max_restarts=2))


def test_interruptions_of_an_earlier_job_do_not_count(bench: Bench) -> None:
    interrupted_often(bench, "suspended", 3)
    run_shard(in_job(bench, "resumed"), 0, no_progress, Terms(max_restarts=2))
