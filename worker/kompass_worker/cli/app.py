"""The commands, their options and their help."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from kompass_worker.processors import share_processors

app = typer.Typer(
    name="kompass",
    help="Kompass evaluates language models: declare a run, apply it to a cluster or run it here.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_RUN_HELP = """
Carry out an EvalRun on this machine: the same manifests, the same code, no cluster.

FILES hold EvalRun, ModelEndpoint and Benchmark documents. The run's plan, answers and report go to
a folder; the table is printed at the end.

A manifest for a cluster names sources that this machine may not have. --source puts folders in
their place, for example:

    kompass run examples/quickstart.yaml
      --source s3://kompass/models=~/models --source s3://kompass/data=examples/data

Sources in s3:// and hf:// work here too. The keys of a Secret NAME are read from the environment:
KOMPASS_SECRET__NAME__AWS_ACCESS_KEY_ID, KOMPASS_SECRET__NAME__HF_TOKEN and so on; where no Secret
is named, AWS' usual chain is used.

Exit status: 0 the run succeeded, 1 it failed or was stopped, 2 wrong usage.
"""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kompass {version('kompass')}")
        raise typer.Exit


@app.callback()
def _kompass(
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Kompass evaluates language models."""


@app.command(help=_RUN_HELP)
def run(  # noqa: PLR0913, PLR0917  (the options of a command)
    files: Annotated[
        list[Path], typer.Argument(help="YAML files.", metavar="FILE...", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results.  [default: kompass-out/<run>]"),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--run", help="The EvalRun, where the files hold several.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what the folder holds already.")
    ] = False,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM=TO",
            help="Read sources that begin with FROM from TO, a URI or a path. May be repeated.",
        ),
    ] = None,
    parallelism: Annotated[
        int,
        typer.Option(
            help="Shards at a time, each in a process with a model of its own. 1 keeps one model "
            "loaded for all shards.",
            min=1,
            max=64,
        ),
    ] = 1,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the log too; it is kept in <out>/kompass.log.")
    ] = False,
) -> None:
    """Carry out an EvalRun on this machine."""
    from kompass_worker.cli.run import Wish, carry_out

    wish = Wish(
        files=tuple(files),
        out=out,
        run=name,
        resume=resume,
        sources=tuple(source or ()),
        parallelism=parallelism,
        verbose=verbose,
    )
    sys.exit(carry_out(wish))


def main() -> None:
    """Entry point of the `kompass` command."""
    share_processors(os.environ)
    app()
