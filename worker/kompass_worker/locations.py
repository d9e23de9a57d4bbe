"""URIs of sources and storage, taken apart. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from kompass_worker.errors import InvalidRequest


class BucketPlace(NamedTuple):
    """A bucket and a folder in it."""

    bucket: str
    prefix: str
    """Without slashes at its ends; empty for the whole bucket."""


class HubRepository(NamedTuple):
    """A repository on the hub."""

    kind: str
    """`model` or `dataset`."""
    name: str


def folder_of(uri: str) -> Path:
    """The folder of a `file:///...` URI."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path:
        raise InvalidRequest(f"{uri!r} is no folder URI: expected file:///absolute/folder")
    return Path(unquote(parts.path))


def volume_folder(uri: str, root: Path) -> Path:
    """Where the folder of `pvc://claim/path` is mounted."""
    claim, _, path = uri.removeprefix("pvc://").partition("/")
    steps = [step for step in path.split("/") if step]
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", claim) or ".." in (claim, *steps):
        raise InvalidRequest(f"{uri!r} is no volume URI: expected pvc://claim/path, without '..'")
    return root.joinpath(claim, *steps)


def bucket_place(uri: str) -> BucketPlace:
    """Bucket and prefix of `s3://bucket/prefix`."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise InvalidRequest(f"{uri!r} is no bucket URI: expected s3://bucket/prefix")
    return BucketPlace(bucket, prefix.strip("/"))


def hub_repository(uri: str) -> HubRepository:
    """The repository of `hf://owner/name` or `hf://datasets/owner/name`."""
    path = uri.removeprefix("hf://").strip("/")
    kind, name = ("dataset", path[9:]) if path.startswith("datasets/") else ("model", path)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise InvalidRequest(
            f"{uri!r} is no hub URI: expected hf://owner/name, or hf://datasets/owner/name for data"
        )
    return HubRepository(kind, name)
