"""The cluster's S3, reached through a port-forward that lives as long as the test session."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import zstandard
from botocore.config import Config
from e2e.kube import Kube

BUCKET = "kompass"


@dataclass(frozen=True)
class Objects:
    """The bucket of the embedded object storage."""

    client: Any

    def upload(self, folder: Path, prefix: str) -> None:
        """Put every file of a folder below the prefix."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix}/{path.relative_to(folder).as_posix()}"
                self.client.upload_file(str(path), BUCKET, key)

    def put(self, key: str, content: bytes) -> None:
        """Put one object."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        """One object's content."""
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def keys(self, prefix: str) -> list[str]:
        """Every key below the prefix, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return sorted(one["Key"] for page in pages for one in page.get("Contents", []))

    def lines(self, key: str) -> list[dict[str, Any]]:
        """The rows of a .jsonl.zst object."""
        text = zstandard.ZstdDecompressor().stream_reader(self.get(key)).read().decode()
        return [json.loads(line) for line in text.splitlines()]


@contextmanager
def forwarded(kube: Kube, service: str, port: int) -> Iterator[str]:
    """A loopback URL that leads to a port of a Service."""
    command = ["kubectl", "-n", kube.namespace, "port-forward", f"service/{service}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            assert found, f"port-forward said {line!r}"
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()


def connect(url: str, secret: dict[str, Any]) -> Objects:
    """A client with the keys of a Kubernetes Secret."""
    keys = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 5}),
    )
    return Objects(client)
