"""A store in memory, for tests and trials of the life of a shard."""

from __future__ import annotations

import hashlib
from threading import Lock

from kompass_worker.store.protocol import AlreadyExists, Entry, ObjectMissing, checked_key


class MemoryStore:
    """Objects in a dictionary; safe to share between threads."""

    def __init__(self, uri: str = "memory://") -> None:
        self.uri = uri
        self.objects: dict[str, bytes] = {}
        """Key -> content."""
        self._lock = Lock()

    def put(self, key: str, content: bytes) -> None:
        """Store the object, instead of one that may be there."""
        with self._lock:
            self.objects[checked_key(key)] = content

    def put_new(self, key: str, content: bytes) -> None:
        """Store the object unless the key is taken."""
        with self._lock:
            if checked_key(key) in self.objects:
                raise AlreadyExists(f"{self.uri}/{key} is there already")
            self.objects[key] = content

    def get(self, key: str) -> bytes:
        """The whole object."""
        try:
            return self.objects[checked_key(key)]
        except KeyError:
            raise ObjectMissing(f"{self.uri}/{key} is not there") from None

    def get_range(self, key: str, start: int, length: int, *, version: str = "") -> bytes:
        """A piece of an object."""
        content = self.get(key)
        if version and version != _version(content):
            raise ObjectMissing(f"{self.uri}/{key} has changed since it was listed")
        return content[start : start + length]

    def entries(self, prefix: str = "") -> list[Entry]:
        """The objects whose key starts with the prefix, by key."""
        with self._lock:
            held = sorted(self.objects.items())
        return [
            Entry(key, len(content), _version(content))
            for key, content in held
            if key.startswith(prefix)
        ]


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
