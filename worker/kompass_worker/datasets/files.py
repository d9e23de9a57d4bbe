"""A data file's place below the data folder, and its text.

Reads local files.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from kompass_api.data import Data
from kompass_api.resolution import nearest
from kompass_worker.errors import InputMissing, InvalidData

MAX_BYTES: Final = 1024 * 1024 * 1024
"""Of one file: its rows are held in memory."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def file_of(data: Data, subject: str, split: str, title: str = "") -> str:
    """Path of a subject's file below the data folder."""
    file = (
        data.path.replace("{split}", split).replace("{subject}", subject).replace("{title}", title)
    )
    parts = PurePosixPath(file).parts
    if not parts or file.startswith("/") or ".." in parts:
        raise InvalidData(
            f"data.path {data.path!r} becomes {file!r} for subject {subject!r}; expected a file "
            "below the data folder: correct the subject's title"
        )
    return file


def located(folder: Path, file: str) -> Path:
    """The file, which is there and small enough to be read."""
    path = folder / file
    if not path.is_file():
        raise InputMissing(f"{file} is not in the data folder{_nearby(folder, file)}")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InvalidData(
            f"{file} has {size} bytes; expected at most {MAX_BYTES}: part it into subjects with a "
            "file each"
        )
    return path


def text_of_file(folder: Path, file: str) -> str:
    """The file's text without a byte order mark; line breaks of any system are one line feed.

    As OpenCompass opens files: a quoted line break is the same text wherever it was saved.
    """
    content = located(folder, file).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidData(f"{file} line {line}: {_not_utf_8(content, error)}") from error
    nul = text.find("\0")
    if nul >= 0:
        raise InvalidData(
            f"{file} line {text.count(chr(10), 0, nul) + 1}: found a NUL character; expected text: "
            "save the file as UTF-8"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _not_utf_8(content: bytes, error: UnicodeDecodeError) -> str:
    if content.startswith(_UTF_16):
        return "the file is UTF-16; save the file as UTF-8"
    return f"not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8"


def _nearby(folder: Path, file: str) -> str:
    parent = (folder / file).parent
    if parent.is_dir():
        names = [path.name for path in parent.iterdir()]
        return nearest(Path(file).name, names) + f" in {Path(file).parent}/"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return f", which has no folder {Path(file).parent}/{nearest(str(Path(file).parent), names)}"
