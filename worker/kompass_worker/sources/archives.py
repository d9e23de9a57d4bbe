"""Zip files out of data repositories, unpacked without trusting them."""

from __future__ import annotations

import shutil
import stat
import uuid
import zipfile
from pathlib import Path
from typing import Final

from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.store.protocol import checked_key

MAX_BYTES: Final = 4 * 1024**3
MAX_FILES: Final = 100_000


def unpack(archive: Path, folder: Path) -> None:
    """Put the archive's files into the folder, all or none; what it holds already is replaced."""
    unfinished = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.unfinished")
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.is_dir()]
            _check(archive, members)
            for member in members:
                _extract(opened, member, unfinished)
    except zipfile.BadZipFile as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise InvalidData(f"{archive.name} is no whole zip file: {error}") from error
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    size = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or size > MAX_BYTES:
        raise InvalidData(
            f"{archive.name} would unpack to {len(members)} files of {size} bytes; the most is "
            f"{MAX_FILES} files of {MAX_BYTES} bytes"
        )
    for member in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InvalidData(f"{archive.name}: {member.filename!r} is a link; only files may be")
        try:
            checked_key(member.filename)
        except InvalidRequest as error:
            raise InvalidData(f"{archive.name} holds what is no file of it: {error}") from error


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = folder / member.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    # ZipExtFile stops at the size that was checked and compares the checksum.
    with opened.open(member) as content, path.open("wb") as file:
        shutil.copyfileobj(content, file)
