"""Where a run keeps its objects: a bucket, a folder, or memory, behind one small protocol."""

from kompass_worker.store.folder import FolderStore
from kompass_worker.store.memory import MemoryStore
from kompass_worker.store.opening import open_store
from kompass_worker.store.protocol import AlreadyExists, Entry, ObjectMissing, ObjectStore

__all__ = [
    "AlreadyExists",
    "Entry",
    "FolderStore",
    "MemoryStore",
    "ObjectMissing",
    "ObjectStore",
    "open_store",
]
