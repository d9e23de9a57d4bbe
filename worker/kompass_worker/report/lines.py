"""Samples as JSON lines.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kompass_api.results import Sample
from kompass_api.rundocument import canonical_json


def sample_lines(samples: Iterable[Sample]) -> Iterator[str]:
    """A line for each sample, line break included."""
    for sample in samples:
        yield canonical_json(sample.model_dump(mode="json", by_alias=True)) + "\n"
