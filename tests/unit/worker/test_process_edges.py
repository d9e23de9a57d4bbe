"""Settings, credentials, logs and the last line of a worker process."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from pydantic import ValidationError
from unit.worker.runs import Clock

from kompass_api.outcomes import ExitCode, FailureClass, TerminationMessage
from kompass_worker import errors
from kompass_worker.credentials import Credentials
from kompass_worker.errors import AccessDenied, InvalidData, WorkerError
from kompass_worker.inference.layout import PartPlace, attempts_in, part_key, part_place
from kompass_worker.inference.progress import LoggedProgress
from kompass_worker.logs import json_lines
from kompass_worker.settings import WorkerSettings
from kompass_worker.termination import leave, message_of

KEYS = {
    "KOMPASS_SECRET__MY_KEYS__AWS_ACCESS_KEY_ID": "key-id",
    "KOMPASS_SECRET__MY_KEYS__AWS_SECRET_ACCESS_KEY": "very-secret",
    "KOMPASS_SECRET__HUB__HF_TOKEN": "hf_token",
}


def test_keys_come_out_of_the_environment() -> None:
    credentials = Credentials(KEYS)
    assert credentials.s3("my-keys") == ("key-id", "very-secret")
    assert credentials.hub_token("hub") == "hf_token"


def test_without_a_secret_there_are_no_keys() -> None:
    assert Credentials(KEYS).s3(None) is None
    assert Credentials(KEYS).hub_token(None) is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key_names_secret_key_and_variable(value: str | None) -> None:
    environment = {} if value is None else {"KOMPASS_SECRET__HUB__HF_TOKEN": value}
    with pytest.raises(AccessDenied, match=r"'hub': key HF_TOKEN .*KOMPASS_SECRET__HUB__HF_TOKEN"):
        Credentials(environment).hub_token("hub")


def test_credentials_show_nothing() -> None:
    credentials = Credentials(KEYS)
    assert "secret" not in repr(credentials) + repr(credentials.s3("my-keys"))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMPASS_PART_ITEMS", "7")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example.com")
    settings = WorkerSettings()
    assert settings.part_items == 7
    assert settings.hub_endpoint == "https://mirror.example.com"


def test_settings_do_not_change() -> None:
    settings = WorkerSettings()
    with pytest.raises(ValidationError):
        settings.part_items = 9  # type: ignore[misc]


def test_a_failure_becomes_a_message() -> None:
    message = message_of(InvalidData("row 3 has no answer", item="b/s/3"))
    assert (message.failure, message.item) == (FailureClass.INVALID_DATA, "b/s/3")
    bug = message_of(KeyError("x"))
    assert (bug.failure, bug.message) == (FailureClass.INTERNAL, "KeyError: 'x'")


def test_a_message_is_left_where_kubelet_looks(tmp_path: Path) -> None:
    log = tmp_path / "termination-log"
    log.touch()
    leave(TerminationMessage(message="ü" * 5000), log)
    assert len(log.read_bytes()) <= 4096
    assert json.loads(log.read_text())["message"].startswith("ü")


def test_outside_a_pod_no_file_is_made(tmp_path: Path) -> None:
    leave(TerminationMessage(message="x"), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_every_error_has_the_exit_code_of_its_docstring() -> None:
    lines = [line.split() for line in (errors.__doc__ or "").splitlines() if "(" in line]
    documented = {words[0]: int(words[1].strip("(),")) for words in lines if len(words) > 1}
    assert documented["StorageUnavailable"] == ExitCode.STORAGE
    for name, code in documented.items():
        kind = getattr(errors, name)
        assert issubclass(kind, WorkerError)
        assert kind.exit_code == code


def test_a_log_line_is_one_json_object() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(json_lines())
    record = logging.LogRecord("kompass", logging.INFO, "f", 1, "committed\na part", None, None)
    record.rows = 3
    handler.emit(record)
    (line,) = out.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["message"], said["rows"]) == ("INFO", "committed\na part", 3)


def test_progress_is_told_now_and_then_and_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    progress = LoggedProgress(4, seconds=5, clock=clock)
    for done in range(11):
        progress(done, 10)
        clock.seconds += 2
    told = [
        (record.__dict__["done"], record.__dict__["items_per_second"]) for record in caplog.records
    ]
    assert told == [(3, 0.5), (6, 0.5), (9, 0.5), (10, 0.5)]


def test_a_part_key_leads_back_to_its_place() -> None:
    place = PartPlace(12, 3, 456)
    assert part_key(place) == "shards/infer/00012/0003/part-00456.jsonl.zst"
    assert part_place(part_key(place)) == place
    assert part_place("shards/infer/00012/manifest.json") is None


def test_attempts_are_those_that_left_anything() -> None:
    keys = [
        "shards/infer/00001/0000/started.json",
        "shards/infer/00001/0010/part-00000.jsonl.zst",
        "shards/infer/00001/manifest.json",
        "shards/infer/00002/0005/started.json",
    ]
    assert attempts_in(keys, 1) == [0, 10]
