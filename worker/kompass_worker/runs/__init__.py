"""Runs that are finished: reading what they left, comparing two, scoring one again."""

from kompass_worker.runs.comparison import Comparison, compare
from kompass_worker.runs.reading import StoredRun, open_run

__all__ = ["Comparison", "StoredRun", "compare", "open_run"]
