"""The commands, their options and their help."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Annotated

import typer

from kompass_worker.cli.commands import compare, inspect, render, rescore, run, translate, validate
from kompass_worker.cli.commands import list as listing
from kompass_worker.processors import share_processors

app = typer.Typer(
    name="kompass",
    help="Kompass evaluates language models: declare a run, apply it to a cluster or run it here.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


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


def unwrapped(text: str) -> str:
    """Help whose paragraphs have one line each; the lines of examples, which are indented, stay."""
    blocks = text.strip().split("\n\n")
    return "\n\n".join(
        block if block.startswith(" ") else " ".join(block.split("\n")) for block in blocks
    )


for _name, _command, _help in (
    ("run", run.command, run.HELP),
    ("list", listing.command, listing.HELP),
    ("render", render.command, render.HELP),
    ("validate", validate.command, validate.HELP),
    ("inspect", inspect.command, inspect.HELP),
    ("compare", compare.command, compare.HELP),
    ("rescore", rescore.command, rescore.HELP),
    ("translate", translate.command, translate.HELP),
):
    # Of a command that reads another program's flags, none may be taken for one of ours.
    app.command(
        _name,
        help=unwrapped(_help),
        context_settings={"ignore_unknown_options": _name == "translate"},
    )(_command)


def main() -> None:
    """Entry point of the `kompass` command."""
    share_processors(os.environ)
    app()
