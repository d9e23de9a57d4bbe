"""Rows of a benchmark's data files, checked, and the digest of the files they came from."""

from kompass_worker.datasets.archives import unpacked
from kompass_worker.datasets.digests import data_digest
from kompass_worker.datasets.rows import Row, file_of, files_of, read_rows

__all__ = ["Row", "data_digest", "file_of", "files_of", "read_rows", "unpacked"]
