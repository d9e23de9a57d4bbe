"""What a worker process counts for Prometheus; like its log, one for the whole process.

Labels are closed sets: no run, model, benchmark, prompt or answer is in them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from kompass_api.results import Prediction

REGISTRY: Final = CollectorRegistry()

_ITEMS: Final = Counter(
    "kompass_worker_items",
    "Items answered by this process; reason is why the text ended, or scored.",
    ("reason",),
    registry=REGISTRY,
)
_TOKENS: Final = Counter(
    "kompass_worker_tokens",
    "Tokens that the model was given (in) and wrote (out).",
    ("direction",),
    registry=REGISTRY,
)
_STAGES: Final = Counter(
    "kompass_worker_stage_seconds",
    "Seconds spent: fetch and load of the model, answer of the items, store of the parts.",
    ("stage",),
    registry=REGISTRY,
)
_BATCHES: Final = Histogram(
    "kompass_worker_batch_rows",
    "Rows that the model computed at once.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=REGISTRY,
)
_PARTS: Final = Histogram(
    "kompass_worker_part_items",
    "Answers that were committed together.",
    buckets=(1, 4, 16, 64, 128, 256, 512, 1024, 4096),
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)


def answered(prediction: Prediction) -> None:
    """An item has an answer."""
    _ITEMS.labels(prediction.finish_reason).inc()
    _TOKENS.labels("in").inc(prediction.tokens_in)
    _TOKENS.labels("out").inc(prediction.tokens_out)


def spent(stage: str, seconds: float) -> None:
    """A stage took so long."""
    _STAGES.labels(stage).inc(max(0.0, seconds))


@contextmanager
def spending(stage: str) -> Iterator[None]:
    """Measure a block."""
    began = time.perf_counter()
    try:
        yield
    finally:
        spent(stage, time.perf_counter() - began)


def computed(rows: int) -> None:
    """The model computed a batch."""
    _BATCHES.observe(rows)


def committed(items: int) -> None:
    """A part was committed."""
    _PARTS.observe(items)
