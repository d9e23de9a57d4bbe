"""Brings a source into a local folder: in place where it is one already, through a cache else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kompass_api.sources import S3Connection, Source
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest, WorkerError
from kompass_worker.locations import folder_of, volume_folder
from kompass_worker.sources.digests import adapter_digest, folder_digest, model_digest
from kompass_worker.sources.kinds import Wanted


@dataclass(frozen=True)
class Fetcher:
    """Knows how to reach every kind of source."""

    cache: Path
    pvc_root: Path
    credentials: Credentials
    storage: S3Connection
    """For s3:// sources that bring no connection of their own."""
    patience_seconds: float
    hub_endpoint: str | None = None

    def data(self, source: Source) -> Path:
        """The folder of a benchmark's files."""
        folder = self._folder(source, Wanted.DATA)
        if source.digest is not None:
            _check_digest(source, folder_digest(folder))
        return folder

    def tokenizer(self, source: Source, *, with_code: bool = False) -> Path:
        """A folder with the tokenizer and configuration of a model, perhaps without weights."""
        return self._folder(source, Wanted.TOKENIZER, with_code=with_code)

    def model(self, source: Source, *, with_code: bool = False) -> Path:
        """The folder of a model."""
        folder = self._folder(source, Wanted.MODEL, with_code=with_code)
        if source.digest is not None:
            _check_digest(source, model_digest(folder, with_code=with_code))
        return folder

    def adapter(self, source: Source) -> Path:
        """The folder of weights that belong on top of a model's."""
        folder = self._folder(source, Wanted.ADAPTER)
        if source.digest is not None:
            _check_digest(source, adapter_digest(folder))
        return folder

    def _folder(self, source: Source, wanted: Wanted, *, with_code: bool = False) -> Path:
        try:
            return self._found(source, wanted, with_code=with_code)
        except OSError as error:
            raise WorkerError(
                f"{source.uri} does not get into {self.cache}: {error.strerror or error}; the "
                "folder needs room and must be writable: raise ephemeral-storage in the model's "
                "resources, or set KOMPASS_WORK_DIR to another folder"
            ) from error

    def _found(self, source: Source, wanted: Wanted, *, with_code: bool) -> Path:
        scheme = source.uri.partition("://")[0]
        match scheme:
            case "file":
                return _present(folder_of(source.uri), source, wanted)
            case "pvc":
                return _present(volume_folder(source.uri, self.pvc_root), source, wanted)
            case "s3":
                return self._from_bucket(source, wanted.patterns(with_code=with_code), wanted)
            case "hf":
                return self._from_hub(source, wanted.patterns(with_code=with_code), wanted)
        raise InvalidRequest(f"{source.uri!r} is neither file://, pvc://, s3:// nor hf://")

    def _from_bucket(self, source: Source, patterns: tuple[str, ...], wanted: Wanted) -> Path:
        from kompass_worker.sources.buckets import fetch_objects
        from kompass_worker.store.s3 import open_s3

        connection = source.s3 or self.storage
        store = open_s3(
            source.uri, connection, self.credentials, patience_seconds=self.patience_seconds
        )
        return fetch_objects(store, self.cache / "s3", patterns, wanted, place=str(store.place))

    def _from_hub(self, source: Source, patterns: tuple[str, ...], wanted: Wanted) -> Path:
        from kompass_worker.sources.hub import HubRequest, fetch_snapshot

        request = HubRequest(
            uri=source.uri,
            revision=source.revision,
            patterns=patterns,
            wanted=wanted,
            secret=source.token_secret,
        )
        token = self.credentials.hub_token(source.token_secret)
        return fetch_snapshot(request, self.cache / "hub", token=token, endpoint=self.hub_endpoint)


def _present(folder: Path, source: Source, wanted: Wanted) -> Path:
    if folder.is_dir():
        return folder
    found = "a file" if folder.exists() else "nothing"
    raise InputMissing(
        f"{source.uri}: expected the folder {folder} with the {wanted.value}, found {found}",
        failure=wanted.missing,
    )


def _check_digest(source: Source, found: str) -> None:
    if source.digest != found:
        raise InvalidData(
            f"{source.uri} is not what source.digest says: found {found}, expected "
            f"{source.digest}; the files have changed: restore them, or set the new digest"
        )
