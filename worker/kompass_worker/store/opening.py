"""The store that a run document names."""

from __future__ import annotations

from kompass_api.rundocument import ResolvedStorage
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InvalidRequest
from kompass_worker.locations import folder_of
from kompass_worker.store.folder import FolderStore
from kompass_worker.store.protocol import ObjectStore


def open_store(
    storage: ResolvedStorage, credentials: Credentials, *, patience_seconds: float
) -> ObjectStore:
    """The run's folder; a service that does not answer is waited for so long."""
    if storage.uri.startswith("file://"):
        return FolderStore(folder_of(storage.uri))
    if storage.uri.startswith("s3://"):
        from kompass_worker.store.s3 import open_s3

        return open_s3(storage.uri, storage.s3, credentials, patience_seconds=patience_seconds)
    raise InvalidRequest(
        f"storage {storage.uri!r} is neither s3://bucket/prefix nor file:///folder"
    )
