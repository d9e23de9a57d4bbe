"""Rows of a benchmark's data files, checked, and the digest of the files they came from."""

from kompass_worker.datasets.digests import data_digest
from kompass_worker.datasets.rows import Row, file_of, read_rows

__all__ = ["Row", "data_digest", "file_of", "read_rows"]
