"""The seam between the worker and whatever keeps its objects."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kompass_worker.errors import InputMissing, InvalidRequest, WorkerError


class AlreadyExists(WorkerError):
    """`put_new` found an object under the key; nothing was changed."""


class ObjectMissing(InputMissing):
    """There is no object under the key."""


class Entry(NamedTuple):
    """An object as a listing shows it."""

    key: str
    size: int
    version: str
    """Changes with the content; empty where the store knows none."""


class ObjectStore(Protocol):
    """Objects below one folder, by keys such as `shards/infer/00000/manifest.json`."""

    @property
    def uri(self) -> str:
        """Where the objects are, for a person."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Store the object, instead of one that may be there."""
        ...

    def put_new(self, key: str, content: bytes) -> None:
        """Store the object unless the key is taken: AlreadyExists. Of many at once, one wins."""
        ...

    def get(self, key: str) -> bytes:
        """The whole object, or ObjectMissing."""
        ...

    def get_range(self, key: str, start: int, length: int, *, version: str = "") -> bytes:
        """A piece of an object; with a version, only of that one."""
        ...

    def entries(self, prefix: str = "") -> list[Entry]:
        """The objects whose key starts with the prefix, by key."""
        ...


def checked_key(key: str) -> str:
    """The key, unless it could lead out of the store's folder."""
    parts = key.split("/")
    if not key or "\0" in key or "\\" in key or any(part in {"", ".", ".."} for part in parts):
        raise InvalidRequest(f"{key!r} is no object key: expected names joined by single slashes")
    return key
