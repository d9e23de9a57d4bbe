"""Rows of a benchmark's data files, checked, and the digest of the files they came from."""

from kompass_worker.datasets.digests import data_digest
from kompass_worker.datasets.files import file_of
from kompass_worker.datasets.rows import Reading, Row, read_rows, read_subject
from kompass_worker.datasets.subjects import subjects_in

__all__ = [
    "Reading",
    "Row",
    "data_digest",
    "file_of",
    "read_rows",
    "read_subject",
    "subjects_in",
]
