"""Every store keeps the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fixtures_s3 import READER_SECRET, S3Server

from kompass_api.outcomes import FailureClass
from kompass_api.rundocument import ResolvedStorage
from kompass_api.sources import S3Connection
from kompass_worker.credentials import Credentials
from kompass_worker.errors import AccessDenied, InputMissing, InvalidRequest, StorageUnavailable
from kompass_worker.stages.plan import check_storage
from kompass_worker.store import (
    AlreadyExists,
    Entry,
    FolderStore,
    MemoryStore,
    ObjectMissing,
    ObjectStore,
    open_store,
)


def s3_store(server: S3Server, bucket: str, *, secret: str | None = None) -> ObjectStore:
    connection = server.connection
    if secret is not None:
        connection = connection.model_copy(update={"credentials_secret": secret})
    storage = ResolvedStorage(uri=f"s3://{bucket}/runs/one", s3=connection)
    return open_store(storage, server.credentials, patience_seconds=30)


@pytest.fixture(params=["memory", "folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "folder":
        yield FolderStore(tmp_path / "run folder")
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        yield s3_store(server, server.new_bucket())


def test_what_was_put_is_got(store: ObjectStore) -> None:
    store.put("shards/infer/00000/a.bin", b"\x00\xff" * 1000)
    assert store.get("shards/infer/00000/a.bin") == b"\x00\xff" * 1000


def test_put_replaces(store: ObjectStore) -> None:
    store.put("a", b"old")
    store.put("a", b"new")
    assert store.get("a") == b"new"


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put_new("empty", b"")
    assert store.get("empty") == b""


def test_put_new_leaves_what_is_there(store: ObjectStore) -> None:
    store.put_new("a", b"first")
    with pytest.raises(AlreadyExists):
        store.put_new("a", b"second")
    assert store.get("a") == b"first"


def test_of_many_put_new_at_once_one_wins(store: ObjectStore) -> None:
    def attempt(number: int) -> bool:
        try:
            store.put_new("manifest.json", b"%d" % number)
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(16)))
    assert won.count(True) == 1
    assert store.get("manifest.json") == b"%d" % won.index(True)


def test_get_of_nothing_says_what_is_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing, match="no/such"):
        store.get("no/such")


def test_a_range_is_a_piece(store: ObjectStore) -> None:
    store.put("a", bytes(range(100)))
    assert store.get_range("a", 10, 5) == bytes(range(10, 15))


def test_a_range_of_another_version_is_refused(store: ObjectStore) -> None:
    store.put("a", b"old content")
    version = store.entries()[0].version
    store.put("a", b"new content!")
    with pytest.raises(ObjectMissing, match="changed"):
        store.get_range("a", 0, 3, version=version)


def test_entries_are_those_below_the_prefix_in_order(store: ObjectStore) -> None:
    for key in ("b/2", "b/10", "a", "b/1/x", "c", "bb"):
        store.put(key, key.encode())
    assert [entry.key for entry in store.entries("b/")] == ["b/1/x", "b/10", "b/2"]
    assert [entry.key for entry in store.entries("b")] == ["b/1/x", "b/10", "b/2", "bb"]
    assert [entry.size for entry in store.entries("b/1")] == [5, 4]


def test_an_empty_store_has_no_entries(store: ObjectStore) -> None:
    assert store.entries() == []
    assert store.entries("shards/") == []


def test_more_entries_than_a_page_holds(store: ObjectStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: store.put(f"many/{i:04d}", b"x"), range(1010)))
    assert len(store.entries("many/")) == 1010


def test_versions_differ_with_the_content(store: ObjectStore) -> None:
    store.put("a", b"one")
    before: Entry = store.entries("a")[0]
    store.put("a", b"another")
    assert store.entries("a")[0].version != before.version


@pytest.mark.parametrize("key", ["", "../up", "a/../../b", "/etc/passwd", "a//b", "a\\b", "a/\0"])
def test_keys_cannot_leave_the_store(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidRequest):
        store.put(key, b"x")


def test_folder_shows_no_half_written_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"x")
    store.put_new("b", b"y")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.s3
def test_wrong_keys_name_service_bucket_and_secret(s3_server: S3Server) -> None:
    bucket = s3_server.new_bucket()
    wrong = {name: f"{value}-wrong" for name, value in s3_server.environment.items()}
    storage = ResolvedStorage(uri=f"s3://{bucket}/runs", s3=s3_server.connection)
    store = open_store(storage, Credentials(wrong), patience_seconds=30)
    with pytest.raises(AccessDenied, match=f"{bucket}.*{s3_server.endpoint}.*'s3-keys'") as caught:
        store.put_new("run.json", b"{}")
    assert caught.value.failure is FailureClass.STORAGE_DENIED
    assert "wrong" not in str(caught.value)


@pytest.mark.s3
def test_keys_that_may_only_read_are_refused_at_the_first_write(s3_server: S3Server) -> None:
    store = s3_store(s3_server, s3_server.new_bucket(), secret=READER_SECRET)
    assert store.entries() == []
    with pytest.raises(AccessDenied, match=f"'{READER_SECRET}'.*get, put and list"):
        store.put_new("run.json", b"{}")


@pytest.mark.s3
def test_a_missing_bucket_is_named_and_not_made(s3_server: S3Server) -> None:
    store = s3_store(s3_server, "no-such-bucket")
    with pytest.raises(InputMissing, match=r"no-such-bucket.*create it") as caught:
        check_storage(store, "{}")
    assert caught.value.failure is FailureClass.BUCKET_MISSING


@pytest.mark.s3
def test_a_service_that_never_answers_is_given_up(s3_server: S3Server) -> None:
    nobody = S3Connection(endpoint="http://127.0.0.1:9", credentials_secret="s3-keys")
    storage = ResolvedStorage(uri="s3://bucket/runs", s3=nobody)
    store = open_store(storage, s3_server.credentials, patience_seconds=1)
    with pytest.raises(StorageUnavailable, match=r"127.0.0.1:9.*no answer for 1 s"):
        store.put("run.json", b"{}")


def test_a_secret_that_is_not_there_names_the_variable(tmp_path: Path) -> None:
    storage = ResolvedStorage(uri="s3://b12/runs", s3=S3Connection(credentials_secret="my-keys"))
    with pytest.raises(AccessDenied, match="KOMPASS_SECRET__MY_KEYS__AWS_ACCESS_KEY_ID") as caught:
        open_store(storage, Credentials({}), patience_seconds=1)
    assert caught.value.failure is FailureClass.SECRET_MISSING
