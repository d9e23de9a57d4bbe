"""`kompass validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

HELP: Final = """
Check manifests without a cluster and without running anything.

FILES are YAML files or folders of them. Every field is checked as the API server checks it, in its
words, with file and line; beyond that, what a run names must be there, JMESPath expressions must
compile, and extraction rules and metrics must be known.

    kompass validate examples/

    kompass validate evalrun.yaml --in-cluster      (its models and benchmarks are in the cluster)

Exit status: 0 all is right, 2 something is wrong.
"""


def command(
    files: Annotated[
        list[Path],
        typer.Argument(help="YAML files or folders.", metavar="FILE...", show_default=False),
    ],
    in_cluster: Annotated[
        bool,
        typer.Option(
            "--in-cluster",
            help="Runs may name ModelEndpoints and Benchmarks that are not in these files.",
        ),
    ] = False,
) -> None:
    """Check manifests."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.looking import validate_all

    end_with(lambda: validate_all(files, in_cluster=in_cluster))
