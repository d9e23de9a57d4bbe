"""Options that several commands have, and what they do with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kompass_api.sources import S3Connection
from kompass_worker.cli.outputs import Output

OutputOption = Annotated[
    Output,
    typer.Option(
        "--output",
        "-o",
        help="Form of what is printed: for the eye, or json, csv, md (Markdown).",
        show_default=True,
    ),
]

FilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--file",
        "-f",
        metavar="PATH",
        help="Manifest, or folder of manifests, with ModelEndpoints and Benchmarks of your own. "
        "May be repeated.",
        show_default=False,
    ),
]

SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FROM=TO",
        help="Read sources that begin with FROM from TO, a URI or a path. May be repeated.",
        show_default=False,
    ),
]

EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--s3-endpoint",
        envvar="AWS_ENDPOINT_URL",
        help="URL of the S3 service of s3:// runs, where it is not AWS. Keys come from AWS' usual "
        "chain.",
        show_default=False,
    ),
]

RegionOption = Annotated[
    str,
    typer.Option(
        "--s3-region", envvar="AWS_REGION", help="Region that S3 requests are signed for."
    ),
]

RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Folder or s3://bucket/prefix of a finished run, such as kompass-out/quickstart.",
        show_default=False,
    ),
]


def connection(endpoint: str | None, region: str) -> S3Connection:
    """How an s3:// run is reached."""
    return S3Connection(endpoint=endpoint, region=region)
