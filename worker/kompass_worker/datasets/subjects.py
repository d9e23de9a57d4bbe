"""The subjects of a data folder, found by the names of its files.

Reads the names of local files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from kompass_api.benchmark import Subject
from kompass_api.data import Data

_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")


def subjects_in(folder: Path, data: Data) -> tuple[Subject, ...]:
    """Those with a file of the test split, by name; each is its own title.

    None where data.path does not part subjects by their names.
    """
    if "{subject}" not in data.path or "{title}" in data.path:
        return ()
    pattern = _pattern(data.path.replace("{split}", data.test_split))
    found = {
        named["subject"]
        for path in folder.glob(
            data.path.replace("{split}", data.test_split).replace("{subject}", "*")
        )
        if (named := pattern.fullmatch(path.relative_to(folder).as_posix()))
    }
    return tuple(Subject(name=name, title=name) for name in sorted(found))


def _pattern(path: str) -> re.Pattern[str]:
    first, *others = path.split("{subject}")
    again = "".join(f"(?P=subject){re.escape(part)}" for part in others[1:])
    named = f"(?P<subject>{_SUBJECT.pattern}){re.escape(others[0])}"
    return re.compile(f"{re.escape(first)}{named}{again}")
