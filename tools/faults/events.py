"""The lines of a watch, some of them twice, late, or the last. Pure."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Final

from faults.plan import Faults

GONE: Final = (
    json.dumps(
        {
            "type": "ERROR",
            "object": {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Failure",
                "message": "too old resource version",
                "reason": "Expired",
                "code": 410,
            },
        }
    ).encode()
    + b"\n"
)
"""How an API server says that a watch cannot go on from where it was."""


class Cut(Exception):
    """The watch ends here."""


class Lines:
    """Takes a watch's bytes, and gives its lines as the faults have them."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._chance = random.Random(seed)  # noqa: S311  (a test's dice)
        self._rest = b""
        self._late: bytes | None = None

    def taken(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that are to be sent now; raises Cut after the last one."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._sent(line + b"\n")

    def overdue(self) -> Iterator[bytes]:
        """A late line that nothing has followed."""
        if self._late is not None:
            late, self._late = self._late, None
            yield late

    def _sent(self, line: bytes) -> Iterator[bytes]:
        if self._late is None and self._chance.random() < self._faults.delayed:
            self._late = line
            return
        yield line
        if self._chance.random() < self._faults.duplicated:
            yield line
        yield from self.overdue()
        if self._chance.random() < self._faults.cut:
            raise Cut
