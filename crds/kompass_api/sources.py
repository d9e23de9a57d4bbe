"""Where models, data and results lie: one URI, and for S3 how to reach it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from kompass_api.resources import Digest, DnsLabel, RuledModel
from kompass_api.rules import Shape, cel_text, rule

_HUB_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_CLAIM = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"

SOURCE: Final = Shape(
    rf"^(hf://(datasets/)?({_HUB_NAME}/)?{_HUB_NAME}"
    rf"|s3://{_BUCKET}(/[^\s]*)?"
    rf"|pvc://{_CLAIM}(/[^\s]*)?"
    r"|file:///[^\s]+)$",
    "uri must be hf://owner/name, hf://datasets/owner/name, s3://bucket/prefix, pvc://claim/path "
    "or file:///folder",
)
"""A folder of files, wherever it lies."""

S3_FOLDER: Final = Shape(
    rf"^s3://{_BUCKET}(/[^\s]*)?$",
    "uri must be s3://bucket/prefix; a bucket's name has 3 to 63 lower-case letters, digits, "
    "'-' and '.'",
)

_PARENT_FOLDER: Final = Shape(r"^.*/\.\.(/.*)?$", "a path with '..'")
_NO_PARENT: Final = f"!self.uri.matches({cel_text(_PARENT_FOLDER.pattern)})"
_NO_PARENT_MESSAGE: Final = "uri must not contain '..': write the folder out"

HUB: Final = "hf://"
HUB_DATA: Final = "hf://datasets/"
S3: Final = "s3://"


class S3Connection(RuledModel):
    """An S3-compatible service and the Secret that opens it."""

    endpoint: Annotated[
        Annotated[
            str,
            Field(max_length=256),
            Shape(
                r"^https?://[^\s/]+(/[^\s]*)?$",
                "endpoint must be a URL such as https://s3.example.com:8333",
            ),
        ]
        | None,
        Field(
            description="URL of the service, such as https://s3.example.com:8333. "
            "Leave it out for AWS."
        ),
    ] = None
    region: Annotated[
        str,
        Field(description="Region the requests are signed for.", max_length=64),
        Shape(r"^[a-z0-9-]+$", "use lower-case letters, digits and '-', such as eu-central-1"),
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

    @rule(
        "!has(self.endpoint) || !self.endpoint.contains('@')",
        "endpoint must not hold a user or password: put them into a Secret and name it in "
        "credentialsSecret",
        field=".endpoint",
    )
    def _holds_no_password(self) -> bool:
        return self.endpoint is None or "@" not in self.endpoint


class Source(RuledModel):
    """A folder of files: a model's weights or a benchmark's data."""

    uri: Annotated[
        str,
        Field(
            description="hf://owner/name (data: hf://datasets/owner/name), s3://bucket/prefix, "
            "pvc://claim/path, or file:///folder (only `kompass run` takes file://).",
            max_length=512,
        ),
        SOURCE,
    ]
    revision: Annotated[
        Annotated[
            str,
            Field(min_length=1, max_length=128),
            Shape(r"^[A-Za-z0-9._/-]+$", "revision must be a branch, tag or commit on the hub"),
        ]
        | None,
        Field(description="Branch, tag or commit on the hub (hf:// only)."),
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

    @rule(_NO_PARENT, _NO_PARENT_MESSAGE, field=".uri")
    def _stays_below_its_root(self) -> bool:
        return not _PARENT_FOLDER.matches(self.uri)

    @rule(
        "!has(self.revision) || self.uri.startsWith('hf://')",
        "revision belongs to hf:// sources: remove it, or pin other sources with digest",
        field=".revision",
    )
    def _only_the_hub_has_revisions(self) -> bool:
        return self.revision is None or self.uri.startswith(HUB)

    @rule(
        "!has(self.tokenSecret) || self.uri.startsWith('hf://')",
        "tokenSecret belongs to hf:// sources: remove it; s3:// takes s3.credentialsSecret",
        field=".tokenSecret",
    )
    def _only_the_hub_takes_tokens(self) -> bool:
        return self.token_secret is None or self.uri.startswith(HUB)

    @rule(
        "!has(self.s3) || self.uri.startsWith('s3://')",
        "s3 belongs to s3:// sources: remove it, or write uri as s3://bucket/prefix",
        field=".s3",
    )
    def _only_buckets_have_connections(self) -> bool:
        return self.s3 is None or self.uri.startswith(S3)


class Storage(RuledModel):
    """Where a run's plan, results and report are kept."""

    uri: Annotated[
        str,
        Field(
            description="s3://bucket/prefix. The run adds <namespace>/<name>/<uid> to it.",
            max_length=512,
        ),
        S3_FOLDER,
    ]
    s3: Annotated[S3Connection, Field(description="How to reach the bucket.")] = S3Connection()

    @rule(_NO_PARENT, _NO_PARENT_MESSAGE, field=".uri")
    def _stays_below_its_root(self) -> bool:
        return not _PARENT_FOLDER.matches(self.uri)


def names_data(source: Source) -> bool:
    """Whether a source may hold rows: on the hub, only a data set does."""
    return not source.uri.startswith(HUB) or source.uri.startswith(HUB_DATA)
