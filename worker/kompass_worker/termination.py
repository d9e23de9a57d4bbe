"""The one line that a worker leaves at its end."""

from __future__ import annotations

import logging
from pathlib import Path

from kompass_api.outcomes import FailureClass, TerminationMessage
from kompass_worker.errors import WorkerError

logger = logging.getLogger(__name__)


def message_of(error: Exception) -> TerminationMessage:
    """What an end that is no result says."""
    if isinstance(error, WorkerError):
        return TerminationMessage(failure=error.failure, message=str(error), item=error.item)
    return TerminationMessage(
        failure=FailureClass.INTERNAL, message=f"{type(error).__name__}: {error}"
    )


def leave(message: TerminationMessage, path: Path) -> None:
    """Write the message where kubelet looks for it; outside a pod there is no such file."""
    if not path.exists():
        logger.debug("no termination log", extra={"path": str(path)})
        return
    path.write_text(message.encoded(), encoding="utf-8")
