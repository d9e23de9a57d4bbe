"""How large a status may be: an EvalRun stays far below what etcd holds. Pure."""

from __future__ import annotations

from typing import Final

from kompass_api.status import EvalRunStatus

LIMIT: Final = 12 * 1024
"""Bytes of a status as JSON."""


def bounded(status: EvalRunStatus) -> EvalRunStatus:
    """The status, without its oldest failures where it would be too large; the first one stays."""
    while status.failures and size_of(status) > LIMIT:
        status = status.model_copy(update={"failures": status.failures[:-1]})
    return status


def size_of(status: EvalRunStatus) -> int:
    """Bytes of the status as JSON."""
    return len(status.model_dump_json(by_alias=True, exclude_none=True).encode())
