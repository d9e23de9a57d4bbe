"""Texts that lie beside a benchmark's rows, the same for all rows of a subject.

Reads local files.
"""

from __future__ import annotations

from pathlib import Path

from kompass_api.data import Data, DataText
from kompass_worker.datasets.files import file_of, text_of_file
from kompass_worker.errors import InvalidData


def texts_of(folder: Path, data: Data, subject: str) -> dict[str, str]:
    """Name -> text of each of data.texts, line breaks and spaces as they stand."""
    return {held.name: _text(folder, held, subject) for held in data.texts}


def files_of(data: Data, subject: str, splits: list[str], title: str = "") -> list[str]:
    """Every file that a subject's questions are made of, below the data folder."""
    rows = [file_of(data, subject, split, title) for split in splits]
    return [*rows, *(_file(held, subject) for held in data.texts)]


def _file(held: DataText, subject: str) -> str:
    return held.path.replace("{subject}", subject)


def _text(folder: Path, held: DataText, subject: str) -> str:
    file = _file(held, subject)
    text = text_of_file(folder, file)
    if not held.after:
        return text
    lines = text.splitlines(keepends=True)
    marks = [at for at, line in enumerate(lines) if line.strip() == held.after.strip()]
    if not marks:
        raise InvalidData(
            f"{file}: no line reads {held.after!r}, after which data.texts {held.name} begins; "
            "expected one: add it, or correct `after`"
        )
    return "".join(lines[marks[0] + 1 :])
