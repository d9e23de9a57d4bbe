"""Finished runs in a bucket: looked at, compared and scored again where they lie."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures_s3 import ACCESS_KEY, SECRET_KEY, S3Server
from typer.testing import CliRunner, Result
from unit.cli.finished import finished, letters

from kompass_api.rundocument import ResolvedStorage
from kompass_worker.cli import app
from kompass_worker.store import open_store

pytestmark = pytest.mark.s3


@pytest.fixture
def run(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """The same run in a folder and in a bucket, whose keys are in the environment."""
    folder = finished(tmp_path, tmp_path / "run", letters(geography_0="The D"))
    uri = f"s3://{s3_server.new_bucket()}/team/trial/uid"
    storage = ResolvedStorage(uri=uri, s3=s3_server.connection)
    store = open_store(storage, s3_server.credentials, patience_seconds=30)
    for path in filter(Path.is_file, folder.rglob("*")):
        store.put(path.relative_to(folder).as_posix(), path.read_bytes())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    return folder, uri


def kompass(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_run_in_a_bucket_is_that_in_a_folder(run: tuple[Path, str]) -> None:
    folder, uri = run
    here, there = (kompass("inspect", place, "-o", "json") for place in (folder, uri))
    assert here.exit_code == there.exit_code == 0
    assert json.loads(there.stdout) == json.loads(here.stdout)
    (row,) = json.loads(kompass("compare", folder, uri, "-o", "json").stdout)
    assert (row["items"], row["difference"], row["better"], row["worse"]) == (10, 0.0, 0, 0)


def test_a_run_in_a_bucket_is_scored_again_beside_the_old_report(run: tuple[Path, str]) -> None:
    _, uri = run
    rule = "first_option@0.5:options=ABCD"
    done = kompass("rescore", uri, "--extraction", rule, "-o", "json")
    assert done.exit_code == 0
    assert f"Report: {uri}/rescored/" in done.stderr
    again = kompass("inspect", uri, "-o", "json")
    assert len(json.loads(again.stdout)) == 1
