"""Names of a file's columns: those a benchmark wants, found among those that are there.

Pure. In data that claims OpenCompass' numbers a name is what it is, to the space.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kompass_api.data import Data
from kompass_worker.errors import InvalidData


@dataclass(frozen=True)
class Names:
    """What a file's column names are read as."""

    wanted: tuple[str, ...]
    """Input columns that must stand in the file."""
    known: tuple[str, ...]
    """These and the other columns of the file that the benchmark names."""
    exact: bool

    def read(self, found: Sequence[str], place: str) -> list[str]:
        """The names as the benchmark has them: spaces, width and case do not matter in own data."""
        if self.exact:
            return list(found)
        stripped = [name.strip() for name in found]
        renamed = dict(self._pairs(stripped, place))
        return [renamed.get(name, name) for name in stripped]

    def require(self, found: Sequence[str], place: str, noun: str, *, hint: str = "") -> None:
        """Refuse a row or header without a column that a prompt may use."""
        require(self.wanted, found, place, noun, hint=hint)

    def _pairs(self, found: Sequence[str], place: str) -> Iterable[tuple[str, str]]:
        for name in self.known:
            alike = [held for held in found if held not in self.known and _key(held) == _key(name)]
            if name not in found and len(alike) > 1:
                raise InvalidData(
                    f"{place}: {' and '.join(map(repr, alike))} could both be {name!r}: name one "
                    f"column {name!r}"
                )
            if name not in found and alike:
                yield alike[0], name


def names_of(data: Data, *, exact: bool) -> Names:
    """The column names that a benchmark's data wants."""
    derived = {column.name for column in data.columns}
    wanted = tuple(name for name in data.input_columns if name not in derived)
    others = (data.output_column, *data.circular)
    known = (*wanted, *(name for name in others if name not in derived))
    return Names(wanted, tuple(dict.fromkeys(known)), exact)


def require(
    wanted: Iterable[str], found: Sequence[str], place: str, noun: str, *, hint: str = ""
) -> None:
    """Refuse what lacks one of the wanted names."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InvalidData(
            f"{place}: no {noun} {', '.join(map(repr, missing))} "
            f"(found: {', '.join(map(_shown, found))}; expected: {', '.join(wanted)}){hint}"
        )


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _shown(name: str) -> str:
    return name if name and name == name.strip() and name.isprintable() else repr(name)
