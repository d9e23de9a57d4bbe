"""`kompass render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from kompass_api.evalrun import Profile
from kompass_worker.cli.commands.names import benchmark_names
from kompass_worker.cli.options import FilesOption
from kompass_worker.cli.outputs import Output

HELP: Final = """
Show the exact prompts of a benchmark, examples included, as a model gets them.

With --model the examples that fit are counted with its tokenizer, and the prompt goes through its
chat template or meta template; without it the prompt is that of any base model, or of a chat model
with --chat. Nothing is evaluated. What controls a terminal is shown as an escape; -o json has every
character.

    kompass render ceval-gen --source ~/data/ceval --subject law

    kompass render ceval-gen --model endpoint.yaml --row 7 --whitespace | less

    kompass render my-benchmark -f benchmark.yaml --chat --messages -o json
"""


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
    benchmark: Annotated[
        str,
        typer.Argument(
            help="Built-in benchmark, or one of --file.",
            show_default=False,
            autocompletion=benchmark_names,
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(help="File with the ModelEndpoint that is asked.", show_default=False),
    ] = None,
    file: FilesOption = None,
    subject: Annotated[
        str | None, typer.Option(help="Subject.  \\[default: the first]", show_default=False)
    ] = None,
    row: Annotated[int, typer.Option(help="Row of its test split, from 0.", min=0)] = 0,
    count: Annotated[int, typer.Option(help="Rows to show from there.", min=1)] = 1,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER|FROM=TO",
            help="Folder of the benchmark's data; or, as FROM=TO, read sources that begin with "
            "FROM from TO. May be repeated.",
            show_default=False,
        ),
    ] = None,
    chat: Annotated[
        bool, typer.Option("--chat", help="Without --model: as for a chat model.")
    ] = False,
    messages: Annotated[
        bool,
        typer.Option(
            "--messages", help="With --model: the messages, before they go through its template."
        ),
    ] = False,
    whitespace: Annotated[
        bool, typer.Option("--whitespace", "-w", help="Make spaces and line breaks visible.")
    ] = False,
    profile: Annotated[
        Profile, typer.Option(help="Whose rules the prompts follow.")
    ] = Profile.OPENCOMPASS_05,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="table (text for the eye) or json.")
    ] = Output.TABLE,
) -> None:
    """Show the exact prompts of a benchmark."""
    from kompass_api.modelendpoint import ModelType
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.render import RenderWish, render

    wish = RenderWish(
        benchmark=benchmark,
        model=model,
        model_type=ModelType.CHAT if chat else ModelType.BASE,
        files=tuple(file or ()),
        subject=subject,
        row=row,
        count=count,
        sources=tuple(source or ()),
        profile=profile,
        messages=messages,
        whitespace=whitespace,
        output=output,
    )
    end_with(lambda: render(wish))
