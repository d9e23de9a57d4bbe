"""`kompass list`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from kompass_worker.cli.options import FilesOption, OutputOption, SourceOption
from kompass_worker.cli.outputs import Output

HELP: Final = """
List the models and benchmarks that a run can name.

The first word may be [b]models[/b] or [b]benchmarks[/b]; of the other words one must be part of a
name, whatever its case. Benchmarks are the built-in ones and those of your manifests, models those
of your manifests: --file names files and folders, the current folder's YAML files are read without
it.

    kompass list benchmarks ceval mmlu

    kompass list models -f manifests/ -o json

    kompass list bbh --source hf://datasets=~/data      (counts the items of data that is here)

The version is the six digits of OpenCompass' table for the whole benchmark.
"""


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[models|benchmarks] [WORD]...", help="What to list.", show_default=False
        ),
    ] = None,
    file: FilesOption = None,
    source: SourceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the models and benchmarks that a run can name."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.looking import list_all

    end_with(lambda: list_all(words or [], file or [], source or [], output))
