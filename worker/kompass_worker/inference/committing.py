"""Commits answers in parts, so that a shard that ends early loses little."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from kompass_api.results import Prediction
from kompass_worker import measures
from kompass_worker.inference.layout import PartPlace, part_key
from kompass_worker.inference.parts import encode_part
from kompass_worker.store.protocol import ObjectStore

logger = logging.getLogger(__name__)


@dataclass
class Committer:
    """Holds the answers since the last part."""

    store: ObjectStore
    shard: int
    attempt: int
    part_items: int
    part_seconds: float
    clock: Callable[[], float]
    seconds: float = 0.0
    """Time spent storing."""
    _held: list[Prediction] = field(default_factory=list)
    _sequence: int = 0
    _since: float | None = None

    def add(self, prediction: Prediction) -> None:
        """Keep an answer; commits a part where enough answers or time have come together."""
        if self._since is None:
            self._since = self.clock()
        self._held.append(prediction)
        if len(self._held) >= self.part_items or self.clock() - self._since >= self.part_seconds:
            self.flush()

    def flush(self) -> None:
        """Commit what is held."""
        if not self._held:
            return
        started = self.clock()
        key = part_key(PartPlace(self.shard, self.attempt, self._sequence))
        self.store.put_new(key, encode_part(self._held))
        measures.committed(len(self._held))
        logger.info("committed a part", extra={"key": key, "rows": len(self._held)})
        self._held = []
        self._sequence += 1
        self._since = self.clock()
        self.seconds += self._since - started
        measures.spent("store", self._since - started)
