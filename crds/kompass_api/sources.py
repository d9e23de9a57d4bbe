"""Where models, data and results lie: one URI, and for S3 how to reach it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kompass_api.resources import ApiModel, Digest, DnsLabel

SOURCE_PATTERN = r"^(hf|s3|pvc|file)://[^\s]+$"
"""hf://owner/name, hf://datasets/owner/name, s3://bucket/prefix, pvc://claim/path, file:///folder."""

S3_PATTERN = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s]*)?$"


class S3Connection(ApiModel):
    """An S3-compatible service and the Secret that opens it."""

    endpoint: Annotated[
        str | None,
        Field(
            description="URL of the service, such as https://s3.example.com:8333. "
            "Leave it out for AWS.",
            pattern=r"^https?://[^\s/]+(/[^\s]*)?$",
            max_length=256,
        ),
    ] = None
    region: Annotated[
        str, Field(description="Region the requests are signed for.", max_length=64)
    ] = "us-east-1"
    path_style: Annotated[
        bool,
        Field(description="Put the bucket into the path (most services other than AWS want that)."),
    ] = True
    credentials_secret: Annotated[
        DnsLabel | None,
        Field(
            description="Secret in the run's namespace with the keys AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY. Without it the pod's own identity is used."
        ),
    ] = None


class Source(ApiModel):
    """A folder of files: a model's weights or a benchmark's data."""

    uri: Annotated[
        str,
        Field(
            description="hf://owner/name (data: hf://datasets/owner/name), s3://bucket/prefix, "
            "pvc://claim/path, or file:///folder (only `kompass run` takes file://).",
            pattern=SOURCE_PATTERN,
            max_length=512,
        ),
    ]
    revision: Annotated[
        str | None,
        Field(
            description="Branch, tag or commit on the hub (hf:// only).",
            pattern=r"^[A-Za-z0-9._/-]+$",
            max_length=128,
        ),
    ] = None
    digest: Annotated[
        Digest | None,
        Field(
            description="What the files must hash to, as `sha256:...` of a report's lineage. "
            "A difference stops the run."
        ),
    ] = None
    s3: Annotated[
        S3Connection | None,
        Field(description="How to reach s3://. Without it the run's storage connection is used."),
    ] = None
    token_secret: Annotated[
        DnsLabel | None,
        Field(
            description="Secret in the run's namespace with the key HF_TOKEN, for gated "
            "repositories (hf:// only)."
        ),
    ] = None


class Storage(ApiModel):
    """Where a run's plan, results and report are kept."""

    uri: Annotated[
        str,
        Field(
            description="s3://bucket/prefix. The run adds <namespace>/<name>/<uid> to it.",
            pattern=S3_PATTERN,
            max_length=512,
        ),
    ]
    s3: Annotated[S3Connection, Field(description="How to reach the bucket.")] = S3Connection()
