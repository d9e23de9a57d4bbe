"""The worker as processes: signals, kills, a storage that goes away, and what they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixtures_s3 import S3Server

from kompass_api.evalrun import Sharding
from kompass_api.modelendpoint import Device, ModelEndpointSpec, ModelType
from kompass_api.outcomes import FailureClass, TerminationMessage
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.sources import S3Connection, Source
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.settings import WorkerSettings
from kompass_worker.stages.plan import check_storage, run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import FolderStore, ObjectStore
from kompass_worker.wiring import workplace

pytestmark = [pytest.mark.shared, pytest.mark.timeout(300)]


@dataclass
class Worker:
    """Starts kompass-worker as a pod would."""

    folder: Path
    document: RunDocument
    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A process; its log lines come on standard error."""
        (self.folder / "run.json").write_text(self.document.encoded())
        self.message_file.write_text("")
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "kompass_worker.main", *arguments),
                *("--run-document", str(self.folder / "run.json")),
            ],
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "KOMPASS_WORK_DIR": str(self.folder / "work"),
                "KOMPASS_TERMINATION_LOG": str(self.message_file),
                "KOMPASS_PROGRESS_SECONDS": "0.01",
                **self.environment,
            },
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> int:
        """Exit status of a process that ends by itself."""
        process = self.start(*arguments)
        process.communicate(timeout=200)
        return process.returncode

    @property
    def place(self) -> Workplace:
        """The same run in this process, which has the model libraries loaded already."""
        settings = WorkerSettings(work_dir=self.folder / "work")
        return workplace(self.document, settings, self.environment)

    def plan(self) -> None:
        """What the plan pod does."""
        check_storage(self.place.store, self.document.encoded())
        run_plan(self.place)

    def finish(self) -> dict[str, Any]:
        """What is left of the shard, and the report."""
        run_shard(self.place, 0, ignore)
        run_summarize(self.place)
        return report_of(self.place.store)

    @property
    def message_file(self) -> Path:
        return self.folder / "termination-log"

    @property
    def message(self) -> TerminationMessage:
        """What the last process left."""
        return TerminationMessage.model_validate_json(self.message_file.read_text())


def document_of(
    shared: Path, storage: ResolvedStorage, *, model: str = "tiny-mc", tokens: int = 64
) -> RunDocument:
    return RunDocument(
        run=RunIdentity(namespace="team", name="trial", uid="u1"),
        models=[
            ResolvedModel(
                name="tiny-mc",
                spec=ModelEndpointSpec(
                    source=Source(uri=(shared / "models" / model).as_uri()),
                    device=Device.CPU,
                    model_type=ModelType.BASE,
                    batch_size=1,
                ),
            )
        ],
        benchmarks=[
            ResolvedBenchmark(
                name="ceval-gen",
                source=Source(uri=(shared / "data" / "tiny_mc").as_uri()),
                max_new_tokens=tokens,
            )
        ],
        sharding=Sharding(shards_per_model=1),
        storage=storage,
    )


@pytest.fixture
def worker(shared: Path, tmp_path: Path) -> Worker:
    storage = ResolvedStorage(uri=(tmp_path / "run").as_uri())
    return Worker(tmp_path, document_of(shared, storage), {"KOMPASS_PART_ITEMS": "4"})


def progress_of(process: subprocess.Popen[str]) -> Iterator[int]:
    """Answers so far, as the process's log says."""
    assert process.stderr is not None
    for line in process.stderr:
        said = json.loads(line)
        if said["message"] == "progress":
            yield said["done"]


def wait_for(process: subprocess.Popen[str], answers: int) -> None:
    for done in progress_of(process):
        if done >= answers:
            return
    pytest.fail(f"the process ended with {process.wait()} before {answers} answers")


def ignore(done: int, total: int) -> None:
    assert done <= total


def stored(store: ObjectStore) -> Counter[str]:
    parts = ShardFolder(store, 0).parts()
    return Counter(one.item for held in parts for one in held.predictions)


def report_of(store: ObjectStore) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(store.get("report/report.json"))
    return report


@pytest.fixture(scope="module")
def undisturbed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    storage = ResolvedStorage(uri=(folder / "run").as_uri())
    worker = Worker(folder, document_of(shared, storage), {})
    worker.plan()
    return worker.finish()


def assert_same(store: ObjectStore, report: dict[str, Any], undisturbed: dict[str, Any]) -> None:
    """Every item has one answer, and the scores are those of an undisturbed run."""
    assert stored(store).total() == len(stored(store)) == 68
    assert report["completeness"]["answered"] == 68
    assert report["scores"] == undisturbed["scores"]


def test_sigterm_ends_after_a_checkpoint(worker: Worker, undisturbed: dict[str, Any]) -> None:
    store = FolderStore(worker.folder / "run")
    worker.plan()
    process = worker.start("shard", "--index", "0")
    wait_for(process, 6)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=25)
    assert process.returncode == 143
    assert worker.message.failure is FailureClass.INTERRUPTED
    assert 6 <= stored(store).total() < 68
    assert_same(store, worker.finish(), undisturbed)


def test_a_kill_loses_no_part(worker: Worker, undisturbed: dict[str, Any]) -> None:
    store = FolderStore(worker.folder / "run")
    worker.plan()
    process = worker.start("shard", "--index", "0")
    wait_for(process, 9)
    process.kill()
    process.communicate()
    assert 8 <= stored(store).total() < 68
    assert_same(store, worker.finish(), undisturbed)


def test_three_pods_one_after_the_other(shared: Path, tmp_path: Path) -> None:
    storage = ResolvedStorage(uri=(tmp_path / "run").as_uri())
    worker = Worker(tmp_path, document_of(shared, storage, tokens=4), {})
    assert worker.run("plan") == 0
    planned = worker.message.plan
    assert planned is not None
    assert [(one.name, one.shards) for one in planned.models] == [("tiny-mc", 1)]
    assert worker.run("shard", "--index", "0") == 0
    assert worker.run("summarize") == 0
    report = worker.message.report
    assert report is not None
    assert (report.items.planned, report.items.answered) == (68, 68)
    assert report.uri == f"{storage.uri}/report"
    _, log = worker.start("shard", "--index", "0").communicate(timeout=60)
    assert "shard is finished already" in log


@pytest.mark.s3
def test_storage_that_is_away_for_a_while_fails_nothing(
    shared: Path, tmp_path: Path, own_s3_server: S3Server, undisturbed: dict[str, Any]
) -> None:
    server = own_s3_server
    storage = ResolvedStorage(uri=f"s3://{server.new_bucket()}/runs/one", s3=server.connection)
    environment = {**server.environment, "KOMPASS_PART_ITEMS": "4"}
    worker = Worker(tmp_path, document_of(shared, storage), environment)
    worker.plan()
    process = worker.start("shard", "--index", "0")
    wait_for(process, 5)
    server.stop()
    time.sleep(float(os.environ.get("KOMPASS_TEST_OUTAGE_SECONDS", "10")))
    assert process.poll() is None
    server.start()
    process.communicate(timeout=200)
    assert process.returncode == 0
    assert_same(worker.place.store, worker.finish(), undisturbed)


@pytest.mark.s3
def test_wrong_keys_end_the_plan_with_77(shared: Path, tmp_path: Path, s3_server: S3Server) -> None:
    storage = ResolvedStorage(uri=f"s3://{s3_server.new_bucket()}/r", s3=s3_server.connection)
    wrong = dict.fromkeys(s3_server.environment, "not-the-secret")
    worker = Worker(tmp_path, document_of(shared, storage), wrong)
    process = worker.start("plan")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 77
    assert worker.message.failure is FailureClass.STORAGE_DENIED
    assert "'s3-keys'" in worker.message.message
    assert "not-the-secret" not in log + worker.message.message


def test_storage_that_is_away_at_the_start_ends_with_74(shared: Path, tmp_path: Path) -> None:
    storage = ResolvedStorage(uri="s3://bucket/r", s3=S3Connection(endpoint="http://127.0.0.1:9"))
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    settings = {"KOMPASS_PREFLIGHT_PATIENCE_SECONDS": "1"}
    worker = Worker(tmp_path, document_of(shared, storage), {**keys, **settings})
    assert worker.run("plan") == 74
    assert worker.message.failure is FailureClass.STORAGE_UNAVAILABLE
    assert "http://127.0.0.1:9" in worker.message.message


def test_a_model_that_is_not_there_ends_the_plan_with_66(shared: Path, tmp_path: Path) -> None:
    storage = ResolvedStorage(uri=(tmp_path / "run").as_uri())
    worker = Worker(tmp_path, document_of(shared, storage, model="no-such-model"), {})
    assert worker.run("plan") == 66
    assert worker.message.failure is FailureClass.MODEL_MISSING
    assert "no-such-model" in worker.message.message


def test_a_document_of_another_version_ends_with_64(worker: Worker) -> None:
    worker.message_file.touch()
    (worker.folder / "broken.json").write_text('{"version": "kompass.dev/run/v9"}')
    command = [sys.executable, "-m", "kompass_worker.main", "plan", "--run-document"]
    ended = subprocess.run(
        [*command, str(worker.folder / "broken.json")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KOMPASS_TERMINATION_LOG": str(worker.message_file)},
    )
    assert ended.returncode == 64
    assert "is not of this version" in worker.message.message
