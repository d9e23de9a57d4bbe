"""`kompass run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from kompass_worker.cli.options import OutputOption, SourceOption
from kompass_worker.cli.outputs import Output

HELP: Final = """
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


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
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
    reuse: Annotated[
        bool,
        typer.Option(
            "--reuse",
            help="Take the results of a run beside this one's folder that measured the same, and "
            "let later runs find this one's.",
        ),
    ] = False,
    source: SourceOption = None,
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
    output: OutputOption = Output.TABLE,
) -> None:
    """Carry out an EvalRun on this machine."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.run import Wish, carry_out

    wish = Wish(
        files=tuple(files),
        out=out,
        run=name,
        resume=resume,
        reuse=reuse,
        sources=tuple(source or ()),
        parallelism=parallelism,
        verbose=verbose,
        output=output,
    )
    end_with(lambda: carry_out(wish))
