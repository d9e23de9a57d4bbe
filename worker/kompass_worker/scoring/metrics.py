"""What one extracted answer is worth.

Pure. Summing up is not done here: a metric of many samples is their mean (`statistics`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final


def accuracy(extracted: str, reference: str) -> float:
    """1 where both are the same text, else 0; nothing is stripped, case counts (OpenCompass)."""
    return 1.0 if extracted == reference else 0.0


METRICS: Final[Mapping[str, Callable[[str, str], float]]] = {
    "accuracy": accuracy,
}
