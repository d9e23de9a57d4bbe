"""The one line that a worker leaves at its end."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from kompass_api.indexes import ranges_of
from kompass_api.outcomes import FailureClass, TerminationMessage
from kompass_worker.errors import IncompleteResults, WorkerError

GAPS: Final = 2048
"""Characters for the shards with gaps; those that do not fit are found by the next proof."""

logger = logging.getLogger(__name__)


def message_of(error: Exception) -> TerminationMessage:
    """What an end that is no result says."""
    if isinstance(error, WorkerError):
        gaps = ranges_of(error.shards, GAPS) if isinstance(error, IncompleteResults) else ""
        return TerminationMessage(
            failure=error.failure, message=str(error), item=error.item, gaps=gaps or None
        )
    return TerminationMessage(
        failure=FailureClass.INTERNAL, message=f"{type(error).__name__}: {error}"
    )


def leave(message: TerminationMessage, path: Path) -> None:
    """Write the message where kubelet looks for it; outside a pod there is no such file."""
    if not path.exists():
        logger.debug("no termination log", extra={"path": str(path)})
        return
    path.write_text(message.encoded(), encoding="utf-8")
