"""How a command ends."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """A command's exit status."""

    SUCCEEDED = 0
    FAILED = 1
    WRONG_USAGE = 2


class WrongUsage(Exception):
    """What a person asked for cannot be done; the message says what to do instead."""
