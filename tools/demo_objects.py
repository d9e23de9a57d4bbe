"""The bucket of the embedded S3 server, reached from this machine through kubectl port-forward."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from clusters import Cluster, CommandFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVICE: Final = "kompass-s3"
"""Name of the Service, and of the Secret with the keys."""
_DIGEST: Final = "sha256"


@dataclass(frozen=True)
class Bucket:
    """A bucket and the connection to it."""

    name: str
    client: S3Client

    def upload(self, folder: Path, prefix: str) -> int:
        """Put what is not there yet of a folder below the prefix; return how many files went."""
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        missing = [
            (file, key)
            for file in files
            if not self._has(key := f"{prefix}/{file.relative_to(folder).as_posix()}", file)
        ]
        for file, key in missing:
            extra = {"Metadata": {_DIGEST: _digest(file)}}
            self.client.upload_file(str(file), self.name, key, ExtraArgs=extra)
        return len(missing)

    def text(self, key: str) -> str:
        """An object as text."""
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read().decode()

    def _has(self, key: str, file: Path) -> bool:
        try:
            held = self.client.head_object(Bucket=self.name, Key=key)
        except ClientError as absent:
            if absent.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return False
            raise
        return held["Metadata"].get(_DIGEST) == _digest(file)


@contextmanager
def opened(cluster: Cluster, namespace: str, bucket: str) -> Iterator[Bucket]:
    """The bucket, for as long as the block runs."""
    secret = json.loads(
        cluster.run("kubectl", "--namespace", namespace, "get", "secret", SERVICE, "-o", "json")
    )
    keys = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
    with _forwarded(cluster, namespace) as port:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            # Loopback: no proxy of this machine has a say.
            config=Config(s3={"addressing_style": "path"}, proxies={"http": "", "https": ""}),
        )
        yield Bucket(bucket, client)


@contextmanager
def _forwarded(cluster: Cluster, namespace: str) -> Iterator[int]:
    argv = ["kubectl", "--namespace", namespace, "port-forward", f"service/{SERVICE}", ":8333"]
    with subprocess.Popen(
        argv,
        env=cluster.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as forward:
        try:
            assert forward.stdout is not None
            said = forward.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", said)
            if found is None:
                raise CommandFailed(f"{' '.join(argv)} said: {said.strip()}")
            yield int(found[1])
        finally:
            forward.terminate()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
