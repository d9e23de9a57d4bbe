"""Named metrics: what answers are worth, one by one and together.

Pure. Names of rows are OpenCompass' keys, and numbers are in percent where its are.
"""

from __future__ import annotations

from typing import Final

from kompass_worker.scoring.metrics import choices
from kompass_worker.scoring.metrics.metric import Metric
from kompass_worker.scoring.registry import Registry

__all__ = ["METRICS", "Metric"]

METRICS: Final = Registry(
    kind="metric",
    group="kompass.metrics",
    own={
        "accuracy": choices.accuracy,
    },
)
