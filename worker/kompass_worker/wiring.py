"""Puts a workplace together from a run document and this process's surroundings."""

from __future__ import annotations

import time
from collections.abc import Mapping

from kompass_api.rundocument import RunDocument
from kompass_worker.backends.models import FetchedModels
from kompass_worker.credentials import Credentials
from kompass_worker.settings import WorkerSettings
from kompass_worker.sources.fetching import Fetcher
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import ObjectStore, open_store


def workplace(
    document: RunDocument, settings: WorkerSettings, environment: Mapping[str, str]
) -> Workplace:
    """What a stage needs, put together from the document and this process's surroundings."""
    credentials = Credentials(environment)
    fetcher = Fetcher(
        cache=settings.work_dir,
        pvc_root=settings.pvc_root,
        credentials=credentials,
        storage=document.storage.s3,
        patience_seconds=settings.storage_patience_seconds,
        hub_endpoint=settings.hub_endpoint,
    )

    def store_at(uri: str) -> ObjectStore:
        storage = document.storage.model_copy(update={"uri": uri})
        patience = settings.storage_patience_seconds
        return open_store(storage, credentials, patience_seconds=patience)

    return Workplace(
        document=document,
        store=store_at(document.storage.uri),
        fetcher=fetcher,
        models=FetchedModels(fetcher, settings.image, time.monotonic),
        settings=settings,
        clock=time.monotonic,
        beside=store_at,
    )
