"""A store in a folder of this machine or of a shared volume."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kompass_api.outcomes import FailureClass
from kompass_worker.errors import AccessDenied, StorageUnavailable
from kompass_worker.store.protocol import AlreadyExists, Entry, ObjectMissing, checked_key

_UNFINISHED = ".unfinished-"


class FolderStore:
    """A file an object; a half-written one is never seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uri = folder.absolute().as_uri()

    def put(self, key: str, content: bytes) -> None:
        """Store the object, instead of one that may be there."""
        with self._written(key, content) as (unfinished, path):
            unfinished.replace(path)

    def put_new(self, key: str, content: bytes) -> None:
        """Store the object unless the key is taken."""
        with self._written(key, content) as (unfinished, path):
            try:
                # A hard link appears whole and fails where the name is taken; a rename would
                # replace, and opening with O_EXCL would show an empty file first.
                os.link(unfinished, path)
            except FileExistsError:
                raise AlreadyExists(f"{path} is there already") from None

    def get(self, key: str) -> bytes:
        """The whole object."""
        with self._explained(key):
            return self._path(key).read_bytes()

    def get_range(self, key: str, start: int, length: int, *, version: str = "") -> bytes:
        """A piece of an object."""
        path = self._path(key)
        with self._explained(key), path.open("rb") as file:
            if version and version != _version(os.fstat(file.fileno())):
                raise ObjectMissing(f"{path} has changed since it was listed")
            file.seek(start)
            return file.read(length)

    def entries(self, prefix: str = "") -> list[Entry]:
        """The objects whose key starts with the prefix, by key."""
        parent = self._folder / prefix.rpartition("/")[0]
        with self._explained(prefix):
            found = [
                Entry(path.relative_to(self._folder).as_posix(), held.st_size, _version(held))
                for path in parent.rglob("*")
                if path.is_file() and not path.name.startswith(_UNFINISHED)
                for held in [path.stat()]
            ]
        return sorted(entry for entry in found if entry.key.startswith(prefix))

    def _path(self, key: str) -> Path:
        return self._folder / checked_key(key)

    @contextmanager
    def _written(self, key: str, content: bytes) -> Iterator[tuple[Path, Path]]:
        path = self._path(key)
        with self._explained(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.parent / f"{_UNFINISHED}{uuid.uuid4().hex}"
            try:
                with unfinished.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                yield unfinished, path
            finally:
                unfinished.unlink(missing_ok=True)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        place = self._folder / key
        try:
            yield
        except (FileNotFoundError, IsADirectoryError):
            raise ObjectMissing(f"{place} is not there") from None
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
                raise AccessDenied(
                    f"{place}: {error.strerror}; this user needs to read and write the folder",
                    failure=FailureClass.STORAGE_DENIED,
                ) from error
            raise StorageUnavailable(f"{place}: {error.strerror}") from error


def _version(held: os.stat_result) -> str:
    return f"{held.st_ino}-{held.st_size}-{held.st_mtime_ns}"
