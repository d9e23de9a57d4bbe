"""Models and data out of a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures_s3 import S3Server

from kompass_api.outcomes import FailureClass
from kompass_api.sources import S3Connection, Source
from kompass_worker.errors import AccessDenied, InputMissing, InvalidData
from kompass_worker.sources.buckets import RANGE_BYTES
from kompass_worker.sources.digests import folder_digest, model_digest
from kompass_worker.sources.fetching import Fetcher

pytestmark = pytest.mark.s3

NOTHING = "sha256:" + "0" * 64


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def fetcher(s3_server: S3Server, tmp_path: Path) -> Fetcher:
    return Fetcher(
        cache=tmp_path / "cache",
        pvc_root=tmp_path / "volumes",
        credentials=s3_server.credentials,
        storage=s3_server.connection,
        patience_seconds=30,
    )


def upload(server: S3Server, bucket: str, objects: dict[str, bytes]) -> None:
    for key, content in objects.items():
        server.client().put_object(Bucket=bucket, Key=key, Body=content)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".kompass" not in path.parts
    }


MODEL = {
    "m/config.json": b"{}",
    "m/model.safetensors": b"weights",
    "m/tokenizer.json": b"{1}",
    "m/pytorch_model.bin": b"pickle",
    "m/modeling.py": b"code",
    "m/README.md": b"words",
}


def test_a_model_comes_without_pickles_code_and_words(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    upload(s3_server, bucket, MODEL)
    folder = fetcher.model(Source(uri=f"s3://{bucket}/m"))
    assert files_of(folder).keys() == {"config.json", "model.safetensors", "tokenizer.json"}


def test_planning_fetches_no_weights(s3_server: S3Server, bucket: str, fetcher: Fetcher) -> None:
    upload(s3_server, bucket, MODEL)
    folder = fetcher.tokenizer(Source(uri=f"s3://{bucket}/m/"))
    assert files_of(folder).keys() == {"config.json", "tokenizer.json"}


def test_data_keeps_its_folders(s3_server: S3Server, bucket: str, fetcher: Fetcher) -> None:
    upload(s3_server, bucket, {"d/val/a_val.csv": b"id\n", "d/subject_mapping.json": b"{}"})
    folder = fetcher.data(Source(uri=f"s3://{bucket}/d"))
    assert files_of(folder) == {"val/a_val.csv": b"id\n", "subject_mapping.json": b"{}"}


def test_data_comes_in_every_format_with_the_texts_beside_it(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    names = {f"a.{end}" for end in ("csv", "tsv", "jsonl", "json", "parquet", "txt")}
    upload(s3_server, bucket, {f"d/{name}": b"x" for name in {*names, "weights.bin"}})
    assert files_of(fetcher.data(Source(uri=f"s3://{bucket}/d"))).keys() == names


def test_a_large_file_comes_in_ranges_and_whole(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    content = bytes(range(256)) * ((2 * RANGE_BYTES + 1000) // 256)
    upload(s3_server, bucket, {"m/model.safetensors": content, "m/config.json": b""})
    folder = fetcher.model(Source(uri=f"s3://{bucket}/m"))
    assert (folder / "model.safetensors").read_bytes() == content
    assert (folder / "config.json").read_bytes() == b""


def test_what_is_here_in_the_same_version_is_not_fetched_again(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    upload(s3_server, bucket, MODEL)
    source = Source(uri=f"s3://{bucket}/m")
    folder = fetcher.model(source)
    before = {path: path.stat().st_ino for path in folder.glob("*.*")}
    upload(s3_server, bucket, {"m/config.json": b'{"new": 1}'})
    assert fetcher.model(source) == folder
    changed = {path.name for path, inode in before.items() if path.stat().st_ino != inode}
    assert changed == {"config.json"}
    assert (folder / "config.json").read_bytes() == b'{"new": 1}'


def test_an_interrupted_fetch_leaves_nothing_half(
    s3_server: S3Server, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    upload(s3_server, bucket, MODEL)
    folder = fetcher.model(Source(uri=f"s3://{bucket}/m"))
    (folder / "model.safetensors").write_bytes(b"wei")
    again = fetcher.model(Source(uri=f"s3://{bucket}/m"))
    assert (again / "model.safetensors").read_bytes() == b"weights"
    assert not list((tmp_path / "cache").rglob("*.unfinished"))


def test_the_digest_of_a_model_is_checked(
    s3_server: S3Server, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    upload(s3_server, bucket, {"x/config.json": b"{}", "x/model.safetensors": b"w"})
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / "model.safetensors").write_bytes(b"w")
    right = model_digest(tmp_path)
    uri = f"s3://{bucket}/x"
    assert fetcher.model(Source(uri=uri, digest=right)).is_dir()
    with pytest.raises(InvalidData, match=f"found {right}, expected {NOTHING}"):
        fetcher.model(Source(uri=uri, digest=NOTHING))


def test_the_digest_of_data_is_checked(
    s3_server: S3Server, bucket: str, fetcher: Fetcher, tmp_path: Path
) -> None:
    upload(s3_server, bucket, {"x/val/a_val.csv": b"id\n"})
    (tmp_path / "same" / "val").mkdir(parents=True)
    (tmp_path / "same" / "val" / "a_val.csv").write_bytes(b"id\n")
    right = folder_digest(tmp_path / "same")
    uri = f"s3://{bucket}/x"
    assert fetcher.data(Source(uri=uri, digest=right)).is_dir()
    with pytest.raises(InvalidData, match=f"found {right}, expected {NOTHING}"):
        fetcher.data(Source(uri=uri, digest=NOTHING))


def test_an_empty_prefix_says_what_was_expected(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    upload(s3_server, bucket, {"m/notes.txt": b"x"})
    with pytest.raises(InputMissing, match=r"files of a model.*found only notes.txt") as caught:
        fetcher.model(Source(uri=f"s3://{bucket}/m"))
    assert caught.value.failure is FailureClass.MODEL_MISSING
    with pytest.raises(InputMissing, match="no object at all") as caught:
        fetcher.data(Source(uri=f"s3://{bucket}/nothing"))
    assert caught.value.failure is FailureClass.DATA_MISSING


def test_a_source_may_bring_a_connection_of_its_own(
    s3_server: S3Server, bucket: str, fetcher: Fetcher
) -> None:
    other = S3Connection(endpoint=s3_server.endpoint, credentials_secret="not-there")
    with pytest.raises(AccessDenied, match="'not-there'"):
        fetcher.model(Source(uri=f"s3://{bucket}/m", s3=other))
