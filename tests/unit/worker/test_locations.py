"""URIs are taken apart, and those that lead elsewhere refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kompass_worker.errors import InvalidRequest
from kompass_worker.locations import bucket_place, folder_of, hub_repository, volume_folder

ROOT = Path("/mnt/pvc")


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("file:///data/set", Path("/data/set")),
        ("file:///data/my%20set", Path("/data/my set")),
        ("file://localhost/data", Path("/data")),
    ],
)
def test_folder(uri: str, folder: Path) -> None:
    assert folder_of(uri) == folder


@pytest.mark.parametrize("uri", ["file://data/set", "file://", "s3://bucket/x"])
def test_no_folder(uri: str) -> None:
    with pytest.raises(InvalidRequest, match="file:///absolute/folder"):
        folder_of(uri)


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("pvc://models", ROOT / "models"),
        ("pvc://models/llama/8b/", ROOT / "models" / "llama" / "8b"),
    ],
)
def test_volume(uri: str, folder: Path) -> None:
    assert volume_folder(uri, ROOT) == folder


@pytest.mark.parametrize("uri", ["pvc://../etc", "pvc://models/../../etc", "pvc:///x", "pvc://A"])
def test_no_volume(uri: str) -> None:
    with pytest.raises(InvalidRequest, match="pvc://claim/path"):
        volume_folder(uri, ROOT)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://bucket", ("bucket", "")),
        ("s3://bucket/", ("bucket", "")),
        ("s3://bucket/a/b/", ("bucket", "a/b")),
    ],
)
def test_bucket(uri: str, place: tuple[str, str]) -> None:
    assert bucket_place(uri) == place


@pytest.mark.parametrize(
    ("uri", "repository"),
    [
        ("hf://owner/name", ("model", "owner/name")),
        ("hf://datasets/ceval/ceval-exam", ("dataset", "ceval/ceval-exam")),
    ],
)
def test_hub(uri: str, repository: tuple[str, str]) -> None:
    assert hub_repository(uri) == repository


@pytest.mark.parametrize("uri", ["hf://name", "hf://a/b/c", "hf://datasets/name"])
def test_no_hub_repository(uri: str) -> None:
    with pytest.raises(InvalidRequest, match="hf://owner/name"):
        hub_repository(uri)
