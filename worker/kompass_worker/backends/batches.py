"""Batches that shrink when the device has no room for them. Pure but for what it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from kompass_api.outcomes import FailureClass
from kompass_worker import measures
from kompass_worker.errors import ModelUnusable

logger = logging.getLogger(__name__)

Row = TypeVar("Row")
Result = TypeVar("Result")


class OutOfDeviceMemory(Exception):
    """A batch did not fit into the device's memory."""


class Batcher:
    """Computes rows batch by batch; a batch that does not fit is halved, and so are the next.

    Where memory that runs out ends the process instead of raising an error, `tokens` bounds what
    a batch takes beforehand: its rows, filled up to the longest, have at most so many.
    """

    def __init__(self, size: int, tokens: int | None = None) -> None:
        self.size = size
        self.tokens = tokens

    def run(
        self,
        rows: Sequence[Row],
        compute: Callable[[Sequence[Row]], Sequence[Result]],
        length: Callable[[Row], int] = lambda _: 1,
    ) -> Iterator[tuple[Row, Result]]:
        """Each row with its result, in the rows' order, as batches are done; longest rows first."""
        start = 0
        while start < len(rows):
            batch = rows[start : start + self._room(length(rows[start]))]
            results = self._tried(batch, compute)
            if results is not None:
                measures.computed(len(batch))
                yield from zip(batch, results, strict=True)
                start += len(batch)

    def _room(self, longest: int) -> int:
        if self.tokens is None:
            return self.size
        return max(1, min(self.size, self.tokens // max(1, longest)))

    def _tried(
        self, batch: Sequence[Row], compute: Callable[[Sequence[Row]], Sequence[Result]]
    ) -> Sequence[Result] | None:
        try:
            return compute(batch)
        except OutOfDeviceMemory as error:
            if len(batch) == 1:
                raise ModelUnusable(
                    f"the device has no memory for even one prompt at a time: {error}; use a "
                    "larger device, more of them (gpu.count), a smaller dtype, or a lower "
                    "maxSequenceLength",
                    failure=FailureClass.DEVICE_OUT_OF_MEMORY,
                ) from error
            self.size = len(batch) // 2
            logger.warning("batch did not fit into memory", extra={"next_batch_size": self.size})
            return None
