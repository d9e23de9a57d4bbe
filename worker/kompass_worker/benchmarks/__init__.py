"""What is asked: built-in benchmarks, their subjects and groups, and their version hashes."""

from kompass_worker.benchmarks.catalogue import (
    Catalogue,
    builtin,
    catalogue,
    select,
    with_texts,
)
from kompass_worker.benchmarks.versions import content_hash, file_version, oc_version

__all__ = [
    "Catalogue",
    "builtin",
    "catalogue",
    "content_hash",
    "file_version",
    "oc_version",
    "select",
    "with_texts",
]
