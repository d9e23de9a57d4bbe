"""A run that measures what a finished one measured takes its results and starts no shard."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from unit.worker.runs import Bench, bench_of, write_data

from kompass_api.contenthash import run_hash
from kompass_api.evalrun import Sharding
from kompass_api.outcomes import PlanOutcome, ReportOutcome
from kompass_api.rundocument import ResolvedStorage, ResultsIndex, RunDocument, RunIdentity
from kompass_worker.errors import InvalidRequest
from kompass_worker.stages.reuse import plan_or_reuse
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import FolderStore, ObjectStore


def no_progress(done: int, total: int) -> None:
    assert 0 <= done <= total


@dataclass
class Namespace:
    """The folder of a namespace's runs."""

    bench: Bench
    root: Path

    def place(
        self,
        uid: str,
        *,
        token: str | None = None,
        look_up: bool = True,
        change: Callable[[RunDocument], RunDocument] = lambda document: document,
    ) -> Workplace:
        """What a run of this UID works with."""
        document = change(self.bench.document)
        index = ResultsIndex(
            uri=(self.root / "by-hash").as_uri(),
            run_hash=run_hash(document, token),
            look_up=look_up,
            rerun_token=token,
        )
        folder = self.root / "trial" / uid
        own = {
            "run": RunIdentity(namespace=self.root.name, name="trial", uid=uid),
            "storage": ResolvedStorage(uri=folder.as_uri()),
            "index": index,
        }
        return replace(
            self.bench.place(),
            document=document.model_copy(update=own),
            store=FolderStore(folder),
            beside=folder_at,
        )


def folder_at(uri: str) -> ObjectStore:
    return FolderStore(Path(uri.removeprefix("file://")))


def finished(place: Workplace) -> ReportOutcome:
    """Carry the run out."""
    outcome = plan_or_reuse(place)
    assert isinstance(outcome, PlanOutcome)
    for index in range(sum(model.shards for model in outcome.models)):
        run_shard(place, index, no_progress)
    return run_summarize(place)[0]


@pytest.fixture
def team(tmp_path: Path) -> Namespace:
    return Namespace(bench_of(tmp_path), tmp_path / "results" / "team")


def test_the_same_run_applied_again_finds_its_results(team: Namespace) -> None:
    first = finished(team.place("u1"))
    again = plan_or_reuse(team.place("u2"))
    assert isinstance(again, ReportOutcome)
    assert again.reused_from is not None
    assert (again.reused_from.name, again.reused_from.uid) == ("trial", "u1")
    assert (again.uri, again.digest) == (first.uri, first.digest)
    assert (again.items, again.headline) == (first.items, first.headline)
    assert not (team.root / "trial" / "u2").exists(), "nothing is planned, so nothing is evaluated"


def with_sharding(document: RunDocument) -> RunDocument:
    return document.model_copy(update={"sharding": Sharding(shards_per_model=3)})


def with_other_limits(document: RunDocument) -> RunDocument:
    model = document.models[0]
    spec = model.spec.model_copy(update={"batch_size": 99, "image_pull_secrets": ["registry"]})
    return document.model_copy(update={"models": [model.model_copy(update={"spec": spec})]})


def with_seed(document: RunDocument) -> RunDocument:
    return document.model_copy(update={"seed": 1})


def with_other_source(document: RunDocument) -> RunDocument:
    model = document.models[0]
    source = model.spec.weights.model_copy(update={"uri": "file:///models/other"})
    spec = model.spec.model_copy(update={"source": source})
    return document.model_copy(update={"models": [model.model_copy(update={"spec": spec})]})


def with_limit(document: RunDocument) -> RunDocument:
    held = document.benchmarks[0].model_copy(update={"limit": 1})
    return document.model_copy(update={"benchmarks": [held]})


@pytest.mark.parametrize(
    ("change", "is_reused"),
    [
        pytest.param(with_sharding, True, id="other-shards"),
        pytest.param(with_other_limits, True, id="other-batches-and-pull-secrets"),
        pytest.param(with_seed, False, id="other-seed"),
        pytest.param(with_other_source, False, id="other-weights"),
        pytest.param(with_limit, False, id="fewer-rows"),
    ],
)
def test_what_is_measured_decides(
    team: Namespace, change: Callable[[RunDocument], RunDocument], *, is_reused: bool
) -> None:
    finished(team.place("u1"))
    found = plan_or_reuse(team.place("u2", change=change))
    assert isinstance(found, ReportOutcome) == is_reused


def test_a_new_token_measures_anew_and_a_seen_one_does_not(team: Namespace) -> None:
    finished(team.place("u1"))
    finished(team.place("u1-2", token="again"))
    for token in (None, "again"):
        assert isinstance(plan_or_reuse(team.place("u3", token=token)), ReportOutcome)
    assert isinstance(plan_or_reuse(team.place("u4", token="once more")), PlanOutcome)


def test_reuse_never_measures_and_is_found_by_others(team: Namespace) -> None:
    finished(team.place("u1", look_up=False))
    assert isinstance(plan_or_reuse(team.place("u2", look_up=False)), PlanOutcome)
    assert isinstance(plan_or_reuse(team.place("u3")), ReportOutcome)


def test_results_of_other_data_under_the_same_name_do_not_count(
    team: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    finished(team.place("u1"))
    write_data(team.bench.folder / "data", question="Another")
    finished(team.place("u2"))
    assert "finished results cannot be taken" in caplog.text
    found = plan_or_reuse(team.place("u3"))
    assert isinstance(found, ReportOutcome)
    assert found.reused_from is not None
    assert found.reused_from.uid == "u2"


def remove_the_report(folder: Path) -> None:
    (folder / "report" / "report.json").unlink()


def change_the_report(folder: Path) -> None:
    report = folder / "report" / "report.json"
    report.write_text(report.read_text().replace('"n": 5', '"n": 6'))


def change_the_samples(folder: Path) -> None:
    (folder / "report" / "samples.jsonl.zst").write_bytes(b"")


@pytest.mark.parametrize("damage", [remove_the_report, change_the_report, change_the_samples])
def test_results_that_are_not_whole_do_not_count(
    team: Namespace, damage: Callable[[Path], None]
) -> None:
    finished(team.place("u1"))
    damage(team.root / "trial" / "u1")
    finished(team.place("u2"))
    assert isinstance(plan_or_reuse(team.place("u3")), ReportOutcome)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"folder": "../other/trial/u1"}, id="leads-out-of-the-namespace"),
        pytest.param({"folder": "trial/u9"}, id="leads-nowhere"),
        pytest.param({"version": "kompass.dev/finished/v9"}, id="of-another-version"),
    ],
)
def test_an_entry_that_lies_is_passed_over(team: Namespace, forged: dict[str, str]) -> None:
    finished(team.place("u1"))
    entry = next((team.root / "by-hash").rglob("*.json"))
    entry.write_text(json.dumps({**json.loads(entry.read_text()), **forged}))
    assert isinstance(plan_or_reuse(team.place("u2")), PlanOutcome)


def test_a_namespace_does_not_find_another_ones_results(team: Namespace) -> None:
    finished(team.place("u1"))
    neighbour = Namespace(team.bench, team.root.parent / "neighbour")
    assert isinstance(plan_or_reuse(neighbour.place("u2")), PlanOutcome)


def test_a_copied_index_does_not_carry_results_into_another_namespace(team: Namespace) -> None:
    finished(team.place("u1"))
    neighbour = Namespace(team.bench, team.root.parent / "neighbour")
    team.root.rename(neighbour.root)
    assert isinstance(plan_or_reuse(neighbour.place("u2")), PlanOutcome)


def test_summarizing_again_leaves_one_entry(team: Namespace) -> None:
    place = team.place("u1")
    finished(place)
    run_summarize(place)
    assert len(list((team.root / "by-hash").rglob("*.json"))) == 1


def test_a_run_without_an_index_writes_none(team: Namespace) -> None:
    place = team.place("u1")
    alone = replace(place, document=place.document.model_copy(update={"index": None}))
    finished(alone)
    assert not (team.root / "by-hash").exists()


def test_a_workplace_alone_reaches_no_other_folder(team: Namespace) -> None:
    with pytest.raises(InvalidRequest, match="its own folder only"):
        team.bench.place().beside("file:///elsewhere")
