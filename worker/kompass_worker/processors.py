"""Threads of the model libraries, so that neighbours on a node do not stall each other.

Read when torch is first imported, so this comes before. What a person set stays.
"""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

CPU_LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")


def share_processors(environment: MutableMapping[str, str], limit: Path = CPU_LIMIT) -> None:
    """Waiting threads sleep instead of spinning, and there are no more than the pod may run.

    By default OpenMP's threads spin at every barrier. Two shards on the same two cores then wait
    for each other's spinning: measured ten times slower than asleep.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    processors = _limit_of(limit)
    if processors is not None:
        environment.setdefault("OMP_NUM_THREADS", str(processors))


def _limit_of(path: Path) -> int | None:
    """Whole processors that the container's limit allows; None without a limit."""
    try:
        quota, period = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return max(1, math.ceil(int(quota) / int(period))) if quota.isdigit() else None
