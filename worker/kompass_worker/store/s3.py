"""A store in a bucket of an S3-compatible service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import stamina
from botocore.config import Config
from botocore.exceptions import ClientError

from kompass_api.sources import S3Connection
from kompass_worker.credentials import Credentials
from kompass_worker.errors import StorageUnavailable
from kompass_worker.locations import BucketPlace, bucket_place
from kompass_worker.store.protocol import AlreadyExists, Entry, checked_key
from kompass_worker.store.s3_errors import Refusal, S3Place, Unanswered, refusal_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 32


@dataclass(frozen=True)
class S3Store:
    """Objects below a prefix of a bucket; a service that does not answer is asked again."""

    client: S3Client
    bucket: str
    prefix: str
    place: S3Place
    patience_seconds: float

    @property
    def uri(self) -> str:
        """Where the objects are, for a person."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, key: str, content: bytes) -> None:
        """Store the object, instead of one that may be there."""
        for attempt in self._attempts():
            with attempt, self.place.explained(key):
                self.client.put_object(Bucket=self.bucket, Key=self._key(key), Body=content)

    def put_new(self, key: str, content: bytes) -> None:
        """Store the object unless the key is taken."""
        for attempt in self._attempts():
            with attempt:
                try:
                    self._put_if_absent(key, content)
                except AlreadyExists:
                    # An answer may have been lost on the way: the object may be ours.
                    if attempt.num == 1 or self.get(key) != content:
                        raise

    def get(self, key: str) -> bytes:
        """The whole object."""
        return self._read(key, {})

    def get_range(self, key: str, start: int, length: int, *, version: str = "") -> bytes:
        """A piece of an object; of the listed version alone where one is given."""
        only = {"Range": f"bytes={start}-{start + length - 1}"}
        return self._read(key, {**only, "IfMatch": version} if version else only)

    def entries(self, prefix: str = "") -> list[Entry]:
        """The objects whose key starts with the prefix, by key."""
        for attempt in self._attempts():
            with attempt, self.place.explained(prefix):
                return sorted(self._listed(prefix))
        raise AssertionError  # stamina's last attempt returns or raises

    def _put_if_absent(self, key: str, content: bytes) -> None:
        with self.place.explained(key):
            try:
                self.client.put_object(
                    Bucket=self.bucket, Key=self._key(key), Body=content, IfNoneMatch="*"
                )
            except ClientError as error:
                if refusal_of(error) is Refusal.EXISTS:
                    raise AlreadyExists(f"{self.uri}/{key} is there already") from None
                raise

    def _read(self, key: str, only: dict[str, str]) -> bytes:
        for attempt in self._attempts():
            with attempt, self.place.explained(key):
                answer = self.client.get_object(
                    Bucket=self.bucket,
                    Key=self._key(key),
                    **only,  # type: ignore[arg-type]  # the stubs have a TypedDict
                )
                return answer["Body"].read()
        raise AssertionError

    def _listed(self, prefix: str) -> Iterator[Entry]:
        root = f"{self.prefix}/" if self.prefix else ""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=root + prefix
        )
        for page in pages:
            for held in page.get("Contents", []):
                yield Entry(held["Key"].removeprefix(root), held["Size"], held["ETag"])

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{checked_key(key)}" if self.prefix else checked_key(key)

    def _attempts(self) -> Iterator[stamina.Attempt]:
        """The one layer of retries: until it answers, or patience ends."""
        attempts = stamina.retry_context(
            on=Unanswered,
            attempts=None,
            timeout=self.patience_seconds,
            wait_initial=0.2,
            wait_max=10.0,
        )
        try:
            yield from attempts
        except Unanswered as error:
            raise StorageUnavailable(
                f"{self.place}: no answer for {self.patience_seconds:.0f} s ({error}); "
                "the work so far is kept and goes on from there"
            ) from error


def open_s3(
    uri: str, connection: S3Connection, credentials: Credentials, *, patience_seconds: float
) -> S3Store:
    """The bucket and prefix of the URI, reached as the connection says."""
    place: BucketPlace = bucket_place(uri)
    secret = connection.credentials_secret
    named = S3Place(connection.endpoint or "AWS S3", place.bucket, secret)
    return S3Store(
        client=_client(connection, credentials),
        bucket=place.bucket,
        prefix=place.prefix,
        place=named,
        patience_seconds=patience_seconds,
    )


def _client(connection: S3Connection, credentials: Credentials) -> S3Client:
    keys = credentials.s3(connection.credentials_secret)
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path" if connection.path_style else "auto"},
        # Many services besides AWS do not know the newer checksum trailers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.Session().client(
        "s3",
        endpoint_url=connection.endpoint,
        region_name=connection.region,
        aws_access_key_id=keys.access_key_id if keys else None,
        aws_secret_access_key=keys.secret_access_key if keys else None,
        config=config,
    )
