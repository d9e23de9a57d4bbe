"""Objects of a bucket, brought into a folder: many ranges at once, whole files or none.

Keys are not trusted: one that would lead out of the folder is refused.
"""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import BaseModel, ValidationError

from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest
from kompass_worker.sources.kinds import Wanted, is_wanted
from kompass_worker.store.protocol import Entry, ObjectStore, checked_key

logger = logging.getLogger(__name__)

RANGE_BYTES: Final = 16 * 1024 * 1024
IN_FLIGHT: Final = 16
_NOTES: Final = ".kompass"
"""Folder beside the files that says which object's version a file is; hidden, so not hashed."""


class _Note(BaseModel):
    """What a fetched file came from."""

    size: int
    version: str


class _Range(NamedTuple):
    entry: Entry
    start: int
    length: int


def fetch_objects(
    store: ObjectStore, cache: Path, patterns: tuple[str, ...], wanted: Wanted, *, place: str
) -> Path:
    """The folder with the wanted objects; those that are there in the same version stay."""
    listed = [entry for entry in store.entries() if not entry.key.endswith("/")]
    entries = [entry for entry in listed if is_wanted(entry.key, patterns)]
    if not entries:
        raise _nothing(store, listed, wanted, place)
    folder = cache / hashlib.sha256(f"{place}\n{store.uri}".encode()).hexdigest()[:24]
    missing = [entry for entry in entries if not _is_here(folder, _safe(entry, store))]
    if missing:
        size = sum(entry.size for entry in missing)
        logger.info("fetching", extra={"source": store.uri, "files": len(missing), "bytes": size})
        _fetch(store, folder, missing)
    return folder


def _nothing(
    store: ObjectStore, listed: Sequence[Entry], wanted: Wanted, place: str
) -> InputMissing:
    some = ", ".join(entry.key for entry in listed[:5])
    found = f"only {some}" if some else "no object at all"
    return InputMissing(
        f"{store.uri} ({place}): expected the files of a {wanted.value} below this prefix, found "
        f"{found}",
        failure=wanted.missing,
    )


def _safe(entry: Entry, store: ObjectStore) -> Entry:
    try:
        checked_key(entry.key)
    except InvalidRequest as error:
        raise InvalidData(f"{store.uri} holds an object that is no file: {error}") from error
    return entry


def _is_here(folder: Path, entry: Entry) -> bool:
    try:
        note = _Note.model_validate_json(_note(folder, entry).read_bytes())
        size = (folder / entry.key).stat().st_size
    except (OSError, ValidationError):
        return False
    return note.version == entry.version and note.size == entry.size == size


def _note(folder: Path, entry: Entry) -> Path:
    return folder / _NOTES / f"{hashlib.sha256(entry.key.encode()).hexdigest()}.json"


def _fetch(store: ObjectStore, folder: Path, entries: Sequence[Entry]) -> None:
    (folder / _NOTES).mkdir(parents=True, exist_ok=True)
    unfinished = {
        entry.key: folder / _NOTES / f"{uuid.uuid4().hex}.unfinished" for entry in entries
    }
    try:
        for path in unfinished.values():
            path.touch()
        _in_parallel(
            lambda piece: _fetch_range(store, piece, unfinished[piece.entry.key]),
            [piece for entry in entries for piece in _ranges(entry)],
        )
        for entry in entries:
            _finish(folder, entry, unfinished[entry.key])
    finally:
        for path in unfinished.values():
            path.unlink(missing_ok=True)


def _ranges(entry: Entry) -> list[_Range]:
    return [
        _Range(entry, start, min(RANGE_BYTES, entry.size - start))
        for start in range(0, entry.size, RANGE_BYTES)
    ]


def _in_parallel(work: Callable[[_Range], None], pieces: Sequence[_Range]) -> None:
    pool = ThreadPoolExecutor(IN_FLIGHT)
    try:
        for _ in pool.map(work, pieces):
            pass
    finally:
        # Whoever stops, stops now; the ranges on their way end by themselves.
        pool.shutdown(wait=True, cancel_futures=True)


def _fetch_range(store: ObjectStore, piece: _Range, path: Path) -> None:
    content = store.get_range(
        piece.entry.key, piece.start, piece.length, version=piece.entry.version
    )
    if len(content) != piece.length:
        raise InvalidData(
            f"{store.uri}/{piece.entry.key}: bytes {piece.start} and on gave {len(content)} of "
            f"{piece.length}: the object is not as long as its listing says"
        )
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, content, piece.start)
    finally:
        os.close(descriptor)


def _finish(folder: Path, entry: Entry, unfinished: Path) -> None:
    path = folder / entry.key
    path.parent.mkdir(parents=True, exist_ok=True)
    # The note goes away first: a file without one is fetched again, a wrong note would be believed.
    _note(folder, entry).unlink(missing_ok=True)
    unfinished.replace(path)
    note = _Note(size=entry.size, version=entry.version)
    _note(folder, entry).write_text(note.model_dump_json(), encoding="utf-8")
