"""Plan, shards and summarize: whatever ends early, every item is answered and counts once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from unit.worker.runs import Bench, write_data

from kompass_api.outcomes import FailureClass
from kompass_api.plandocument import Plan
from kompass_api.prompts import Examples, Retriever
from kompass_api.results import Environment, Manifest, Prediction
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.backends.models import FakeModels, KeptModel
from kompass_worker.benchmarks import builtin
from kompass_worker.errors import (
    IncompleteResults,
    InvalidData,
    InvalidRequest,
    Stopped,
    WorkerError,
)
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.inference.layout import PartPlace, part_key
from kompass_worker.inference.parts import decode_part, decompressed, encode_part
from kompass_worker.inference.stopping import StopSignal
from kompass_worker.prompts.requests import Group
from kompass_worker.stages.plan import check_storage, run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize


class Killed(Exception):
    """Stands for a process that is gone at once."""


@dataclass
class Interrupted:
    """A backend that comes to a sudden end after some answers."""

    answers: int
    end: Callable[[], None]
    inner: FakeBackend = field(default_factory=FakeBackend)

    @property
    def environment(self) -> Environment:
        return self.inner.environment

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        for count, answer in enumerate(self.inner.answer(groups)):
            if count == self.answers:
                self.end()
            yield answer


def kill() -> None:
    raise Killed


def no_progress(done: int, total: int) -> None:
    assert 0 <= done <= total


def planned(bench: Bench) -> Plan:
    place = bench.place()
    check_storage(place.store, bench.document.encoded())
    run_plan(place)
    return Plan.model_validate_json(bench.store.get("plan.json"))


def answered(bench: Bench, shard: int) -> list[tuple[int, str]]:
    """Attempt and item of every row that is stored."""
    parts = ShardFolder(bench.store, shard).parts()
    return [(held.part.attempt, one.item) for held in parts for one in held.predictions]


def complete(bench: Bench, plan: Plan) -> None:
    for shard in plan.shards:
        run_shard(bench.place(), shard.index, no_progress)


def report_of(bench: Bench) -> bytes:
    run_summarize(bench.place())
    return bench.store.get("report/report.json")


def test_a_plan_says_what_the_operator_needs(bench: Bench) -> None:
    outcome = run_plan(bench.place())
    assert [(model.name, model.shards) for model in outcome.models] == [("model-0", 2)]
    assert outcome.items == 10


def test_planning_again_changes_nothing(bench: Bench) -> None:
    first = run_plan(bench.place())
    held = bench.store.get("plan.json")
    assert run_plan(bench.place()) == first
    assert bench.store.get("plan.json") == held


def test_a_plan_for_changed_data_is_refused(bench: Bench) -> None:
    run_plan(bench.place())
    write_data(bench.folder / "data", question="Another")
    with pytest.raises(InvalidData, match="data has changed since"):
        run_plan(bench.place())


def test_another_plan_of_the_same_data_is_a_bug(bench: Bench) -> None:
    plan = planned(bench)
    bench.store.put("plan.json", plan.model_copy(update={"groups": []}).model_dump_json().encode())
    with pytest.raises(WorkerError, match="bug in Kompass"):
        run_plan(bench.place())


def test_a_folder_of_another_run_is_refused(bench: Bench) -> None:
    bench.store.put("run.json", b"{}")
    with pytest.raises(InvalidData, match="holds another run"):
        check_storage(bench.store, bench.document.encoded())


def test_a_shard_leaves_parts_and_then_a_manifest(bench: Bench) -> None:
    plan = planned(bench)
    run_shard(bench.place(), 0, no_progress)
    assert [entry.key for entry in bench.store.entries("shards/infer/00000/")] == [
        "shards/infer/00000/0000/environment.json",
        "shards/infer/00000/0000/part-00000.jsonl.zst",
        "shards/infer/00000/0000/part-00001.jsonl.zst",
        "shards/infer/00000/0000/part-00002.jsonl.zst",
        "shards/infer/00000/0000/started.json",
        "shards/infer/00000/manifest.json",
    ]
    manifest = Manifest.model_validate_json(bench.store.get("shards/infer/00000/manifest.json"))
    assert [part.rows for part in manifest.parts] == [2, 2, 1]
    assert (manifest.items, manifest.duplicates) == (len(plan.shards[0].items), 0)


def test_answers_carry_the_planned_prompt_hash(bench: Bench) -> None:
    plan = planned(bench)
    run_shard(bench.place(), 0, no_progress)
    stored = ShardFolder(bench.store, 0).parts()
    found = {one.item: one.prompt_hash for held in stored for one in held.predictions}
    assert found == {item.id: item.prompt_hash for item in plan.shards[0].items}


def test_examples_that_were_looked_for_are_planned(make_bench: Callable[..., Bench]) -> None:
    spec = builtin("ceval-gen")
    searching = Examples(retriever=Retriever.BM25, count=2)
    bench = make_bench(spec=spec.model_copy(update={"examples": searching}))
    plan = planned(bench)
    rows = [item.example_rows for shard in plan.shards for item in shard.items]
    assert [len(set(found)) for found in rows] == [2] * 10
    complete(bench, plan)
    assert json.loads(report_of(bench))["completeness"]["answered"] == 10


def test_fixed_examples_are_not_planned_one_by_one(bench: Bench) -> None:
    planned(bench)
    assert b"exampleRows" not in bench.store.get("plan.json")


def test_a_finished_shard_loads_no_model(bench: Bench) -> None:
    planned(bench)
    run_shard(bench.place(), 0, no_progress)
    models = FakeModels()
    run_shard(bench.place(models), 0, no_progress)
    assert models.loads == 0


@pytest.mark.parametrize("answers", range(6))
def test_a_killed_shard_goes_on_where_its_parts_end(bench: Bench, answers: int) -> None:
    plan = planned(bench)
    if answers < len(plan.shards[0].items):
        with pytest.raises(Killed):
            run_shard(bench.place(FakeModels(Interrupted(answers, kill))), 0, no_progress)
    run_shard(bench.place(), 0, no_progress)
    items = sorted(item for _, item in answered(bench, 0))
    assert items == sorted(item.id for item in plan.shards[0].items)


def test_a_shard_killed_before_its_manifest_needs_no_model(bench: Bench) -> None:
    planned(bench)
    run_shard(bench.place(), 0, no_progress)
    manifest = bench.store.get("shards/infer/00000/manifest.json")
    del bench.store.objects["shards/infer/00000/manifest.json"]
    models = FakeModels()
    run_shard(bench.place(models), 0, no_progress)
    assert models.loads == 0
    again = Manifest.model_validate_json(bench.store.get("shards/infer/00000/manifest.json"))
    assert again.parts == Manifest.model_validate_json(manifest).parts


def test_a_stop_commits_what_is_answered(bench: Bench) -> None:
    planned(bench)
    stop = StopSignal()
    stopping = Interrupted(3, stop.request)
    with pytest.raises(Stopped):
        run_shard(bench.place(FakeModels(stopping), part_items=100, stop=stop), 0, no_progress)
    assert len(answered(bench, 0)) == 4
    assert ShardFolder(bench.store, 0).manifest() is None


def test_a_stop_before_the_start_loads_no_model(bench: Bench) -> None:
    planned(bench)
    stop, models = StopSignal(), FakeModels()
    stop.request()
    with pytest.raises(Stopped):
        run_shard(bench.place(models, stop=stop), 0, no_progress)
    assert models.loads == 0


def test_a_part_is_committed_after_a_while(bench: Bench) -> None:
    planned(bench)

    def later(done: int, total: int) -> None:
        bench.clock.seconds += 20

    run_shard(bench.place(part_items=100), 0, later)
    assert [held.part.rows for held in ShardFolder(bench.store, 0).parts()] == [3, 2]


def test_two_attempts_at_once_both_end_well_and_the_lower_counts(bench: Bench) -> None:
    plan = planned(bench)
    late: list[int] = []

    def other_pod_finishes() -> None:
        run_shard(bench.place(), 0, no_progress)
        late.append(1)

    slow = Interrupted(1, other_pod_finishes, FakeBackend(answers=wrong_answers(plan)))
    run_shard(bench.place(FakeModels(slow), part_items=100), 0, no_progress)
    assert late == [1]
    manifest = ShardFolder(bench.store, 0).manifest()
    assert manifest is not None
    assert {part.attempt for part in manifest.parts} == {1}


def test_duplicates_are_counted_and_the_lowest_attempt_counts(bench: Bench) -> None:
    plan = planned(bench)
    complete(bench, plan)
    plain = report_of(bench)
    for shard in plan.shards:
        del bench.store.objects[f"shards/infer/{shard.index:05d}/manifest.json"]
    row = ShardFolder(bench.store, 0).parts()[0].predictions[0]
    later = row.model_copy(update={"prediction": "another answer"})
    bench.store.put(part_key(PartPlace(0, 7, 0)), encode_part([later]))
    complete(bench, plan)
    report = json.loads(report_of(bench))
    assert report["completeness"]["duplicates"] == 1
    assert report["scores"] == json.loads(plain)["scores"]


def test_every_attempt_has_a_folder_of_its_own(bench: Bench) -> None:
    folder = ShardFolder(bench.store, 3)
    assert [folder.claim(holder) for holder in ("a", "b", "c")] == [0, 1, 2]


def test_data_that_changed_since_the_plan_is_named(bench: Bench) -> None:
    planned(bench)
    write_data(bench.folder / "data", question="Another")
    with pytest.raises(InvalidData, match=r"item ceval-gen/\w+/\d is not what it was") as caught:
        run_shard(bench.place(), 0, no_progress)
    assert caught.value.item is not None


def test_a_shard_that_is_not_planned_is_refused(bench: Bench) -> None:
    planned(bench)
    with pytest.raises(InvalidRequest, match="shards 0 to 1, not 2"):
        run_shard(bench.place(), 2, no_progress)


def test_a_plan_of_another_run_is_refused(bench: Bench, make_bench: Callable[..., Bench]) -> None:
    planned(bench)
    other = make_bench(shards=3)
    other.store = bench.store
    with pytest.raises(InvalidData, match="belongs to another run"):
        run_shard(other.place(), 0, no_progress)


@pytest.mark.parametrize("method", ["gen", "ppl"])
def test_the_report_proves_that_it_is_complete(
    make_bench: Callable[..., Bench], method: str
) -> None:
    bench = make_bench(shards=3, models=2, method=method)
    complete(bench, planned(bench))
    outcome, report = run_summarize(bench.place())
    assert (report.completeness.planned, report.completeness.answered) == (20, 20)
    assert outcome.items.answered == 20
    assert outcome.headline
    names = {entry.key for entry in bench.store.entries("report/")}
    assert names == {
        f"report/{name}"
        for name in (
            *("report.json", "report.csv", "report.txt", "report.md"),
            *("scores.csv", "lm_eval-model-0.json", "lm_eval-model-1.json"),
            "samples.jsonl.zst",
        )
    }
    lines = decompressed(bench.store.get("report/samples.jsonl.zst")).splitlines()
    assert len(lines) == 20


def test_summarizing_again_gives_the_same_bytes(bench: Bench) -> None:
    complete(bench, planned(bench))
    assert report_of(bench) == report_of(bench)


def test_how_a_run_was_cut_changes_no_score(make_bench: Callable[..., Bench]) -> None:
    reports = []
    for shards in (1, 4):
        bench = make_bench(shards=shards)
        complete(bench, planned(bench))
        reports.append(json.loads(report_of(bench))["scores"])
    assert reports[0] == reports[1]


def test_a_missing_shard_is_named(bench: Bench) -> None:
    planned(bench)
    run_shard(bench.place(), 0, no_progress)
    with pytest.raises(IncompleteResults, match=r"5 of 10 .* without a manifest: \[1\]") as caught:
        run_summarize(bench.place())
    assert caught.value.failure is FailureClass.INCOMPLETE_RESULTS
    assert not bench.store.entries("report/")


def test_a_part_that_changed_is_named(bench: Bench) -> None:
    complete(bench, planned(bench))
    key = part_key(PartPlace(1, 0, 0))
    bench.store.put(key, encode_part(decode_part(key, 0, bench.store.get(key)).predictions[:1]))
    with pytest.raises(IncompleteResults, match=r"part-00000.jsonl.zst has changed .* SHA-256"):
        run_summarize(bench.place())


def test_a_kept_model_is_loaded_once_for_its_shards(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(shards=3, models=2)
    plan = planned(bench)
    models = FakeModels()
    kept = KeptModel(models)
    for shard in plan.shards:
        run_shard(bench.place(kept), shard.index, no_progress)
    assert models.loads == 2


def wrong_answers(plan: Plan) -> dict[str, str]:
    return {item.id: "Z" for shard in plan.shards for item in shard.items}
