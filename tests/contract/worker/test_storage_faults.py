"""An S3 server that fails, loses answers and breaks off: no answer twice, none lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from contract.worker.test_processes import Worker, document_of, ignore, report_of, stored
from fixtures_s3 import S3Server

from faults.plan import NONE, OUTAGE, Fate, Faults
from faults.proxy import Proxy
from faults.thread import proxied
from faults.upstream import Upstream
from kompass_api.outcomes import FailureClass
from kompass_api.rundocument import ResolvedStorage
from kompass_api.sources import S3Connection
from kompass_worker.errors import WorkerError
from kompass_worker.settings import WorkerSettings
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.wiring import workplace

pytestmark = [pytest.mark.shared, pytest.mark.s3, pytest.mark.timeout(280)]

TOKENS = 4


@pytest.fixture(scope="module")
def undisturbed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    storage = ResolvedStorage(uri=(folder / "run").as_uri())
    worker = Worker(folder, document_of(shared, storage, tokens=TOKENS), {})
    worker.plan()
    return worker.finish()


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    """A proxy before the S3 server; requests stay signed for the host that the client named."""
    with proxied(Upstream(s3_server.endpoint), keep_host=True) as held:
        yield held


@pytest.fixture
def worker(shared: Path, tmp_path: Path, s3_server: S3Server, proxy: Proxy) -> Worker:
    """A worker whose storage is behind the proxy."""
    connection = S3Connection(
        endpoint=proxy.url, credentials_secret=s3_server.connection.credentials_secret
    )
    storage = ResolvedStorage(uri=f"s3://{s3_server.new_bucket()}/runs/one", s3=connection)
    environment = {**s3_server.environment, "KOMPASS_PART_ITEMS": "8"}
    return Worker(tmp_path, document_of(shared, storage, tokens=TOKENS), environment)


def assert_same(worker: Worker, undisturbed: dict[str, Any]) -> None:
    report = report_of(worker.place.store)
    assert stored(worker.place.store).total() == len(stored(worker.place.store)) == 68
    assert report["completeness"]["answered"] == 68
    assert report["scores"] == undisturbed["scores"]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(
            Faults(16, chances={Fate.FAILED: 0.15}, statuses=(500, 503, 429)), id="errors"
        ),
        pytest.param(Faults(16, chances={Fate.LOST: 0.12, Fate.REFUSED: 0.1}), id="cuts"),
        pytest.param(Faults(16, chances={Fate.TRUNCATED: 0.12}), id="broken-off"),
        pytest.param(Faults(16, delay_seconds=(0.05, 0.3)), id="slow"),
    ],
)
def test_scenario_16_storage_that_fails_now_and_then_costs_only_time(
    worker: Worker, proxy: Proxy, undisturbed: dict[str, Any], faults: Faults
) -> None:
    proxy.faults = faults
    worker.plan()
    worker.finish()
    proxy.faults = NONE
    assert_same(worker, undisturbed)
    assert not faults.chances or proxy.fates.total() > proxy.fates[Fate.PASSED]


@pytest.mark.parametrize("stage", ["shard", "summarize"])
def test_scenario_16_storage_away_for_longer_than_a_pod_waits_loses_nothing(
    worker: Worker, proxy: Proxy, undisturbed: dict[str, Any], stage: str
) -> None:
    worker.plan()
    settings = WorkerSettings(work_dir=worker.folder / "work", storage_patience_seconds=2)
    impatient = workplace(worker.document, settings, worker.environment)
    if stage == "summarize":
        run_shard(worker.place, 0, ignore)
    proxy.faults = OUTAGE
    work: Callable[[], object] = (
        partial(run_shard, impatient, 0, ignore)
        if stage == "shard"
        else partial(run_summarize, impatient)
    )
    with pytest.raises(WorkerError) as trouble:
        work()
    assert trouble.value.exit_code == 74
    proxy.faults = NONE
    worker.finish()
    assert_same(worker, undisturbed)


def test_scenario_16_refused_storage_is_not_tried_again(worker: Worker, proxy: Proxy) -> None:
    proxy.faults = Faults(chances={Fate.FAILED: 1.0}, statuses=(403,))
    with pytest.raises(WorkerError) as trouble:
        worker.plan()
    assert trouble.value.exit_code == 77
    assert trouble.value.failure is FailureClass.STORAGE_DENIED
    assert sum(proxy.counts.values()) <= 3
