"""The operator's settings, as a chart's environment variables give them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kompass_operator.settings import Settings


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("[]", (), id="empty-json"),
        pytest.param('["a", "b"]', ("a", "b"), id="json"),
        pytest.param("a, b", ("a", "b"), id="commas"),
    ],
)
def test_names_may_be_written_either_way(
    monkeypatch: pytest.MonkeyPatch, text: str, names: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KOMPASS_WORKER_IMAGE", "w")
    monkeypatch.setenv("KOMPASS_WATCH_NAMESPACES", text)
    assert Settings().watch_namespaces == names


def test_empty_variables_are_absent_storage() -> None:
    assert Settings(worker_image="w", storage_uri="", storage_credentials_secret="").storage is None


def test_storage_is_put_together() -> None:
    storage = Settings(
        worker_image="w",
        storage_uri="s3://kompass/runs",
        storage_endpoint="http://s3:8333",
        storage_credentials_secret="keys",
    ).storage
    assert storage is not None
    assert (storage.uri, storage.s3.endpoint) == ("s3://kompass/runs", "http://s3:8333")
    assert storage.s3.credentials_secret == "keys"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"worker_image": ""}, id="no-image"),
        pytest.param({"storage_uri": "http://kompass"}, id="storage-that-is-no-bucket"),
        pytest.param({"watch_namespaces": ["Team"]}, id="namespace-in-capitals"),
        pytest.param({"workers": 0}, id="no-workers"),
    ],
)
def test_wrong_settings_end_the_process_at_its_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**{"worker_image": "w", **wrong})  # type: ignore[arg-type]
