"""A multiple-choice row asked once for each rotation of its options.

Pure. The order and the fields are those of OpenCompass' circular data sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from kompass_worker.datasets.values import Record

QUESTION: Final = "qid"
PATTERN: Final = "circular_pattern"


def rotations(record: Record, options: Sequence[str], answer: str, place: int) -> Iterator[Record]:
    """The row with its options in every rotation, the answer's name moved along with its text.

    `place` is the row's among those that are asked, from 0: the rotations share it as their qid.
    """
    for start in range(len(options)):
        pattern = [*options[start:], *options[:start]]
        moved = {new: record.fields[old] for new, old in zip(pattern, options, strict=True)}
        fields = record.fields | moved
        named = record.fields.get(answer)
        if named in options:
            fields[answer] = pattern[list(options).index(str(named))]
        yield replace(record, fields=fields | {QUESTION: place, PATTERN: pattern})
