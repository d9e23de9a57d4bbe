"""How long one answer may take to be judged.

Pure.
"""

from __future__ import annotations

from typing import Final

from kompass_worker.errors import InvalidRequest

_MAX_SECONDS: Final = 60.0


def check_seconds(seconds: float) -> None:
    """Refuse what would be no deadline, such as -1, which `regex` takes for none."""
    # Not the other way round: of nan neither is true.
    if not 0 < seconds <= _MAX_SECONDS:
        raise InvalidRequest(
            f"argument 'seconds' is {seconds:g}; expected more than 0 and at most {_MAX_SECONDS:g}"
        )
