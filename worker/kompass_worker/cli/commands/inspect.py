"""`kompass inspect`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from kompass_worker.cli.options import EndpointOption, OutputOption, RegionOption, RunArgument
from kompass_worker.cli.outputs import Output
from kompass_worker.runs.inspection import WORTH_A_LOOK, Mark

HELP: Final = """
Show the items of a finished run side by side: prompt hash, prediction, extracted answer, reference.

Without --verdict these are the wrong, the unjudged and the truncated ones (whose prompt did not
fit), and those with a number that says nothing of right and wrong, such as a perplexity
(measured), the worst first. right, partly, unfinished (cut off by the limit on new tokens) can be
asked for as well, and [b]all[/b]. Characters that could control the terminal are shown as escapes.

    kompass inspect kompass-out/quickstart

    kompass inspect kompass-out/quickstart --benchmark ceval-gen --subject law --verdict unjudged

    kompass inspect s3://bucket/kompass/team/nightly/UID --verdict all -o json | jq .
"""

_ALL: Final = "all"
_VERDICTS: Final = [*(mark.value for mark in Mark), _ALL]


def _complete(incomplete: str) -> list[str]:
    return [name for name in _VERDICTS if name.startswith(incomplete)]


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
    run: RunArgument,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="Only this model. May be repeated."),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option("--benchmark", metavar="NAME", help="Only this benchmark. May be repeated."),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option("--subject", metavar="NAME", help="Only this subject. May be repeated."),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(
            "--verdict",
            metavar="VERDICT",
            help=f"One of {', '.join(_VERDICTS)}. May be repeated.  \\[default: wrong, measured, "
            "unjudged, truncated]",
            autocompletion=_complete,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="Items a table shows at most; 0: all.", min=0)] = 20,
    full: Annotated[
        bool, typer.Option("--full", help="Show long predictions whole in tables too.")
    ] = False,
    output: OutputOption = Output.TABLE,
    s3_endpoint: EndpointOption = None,
    s3_region: RegionOption = "us-east-1",
) -> None:
    """Show the items of a finished run side by side."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.finished import Looked, inspect_run
    from kompass_worker.cli.options import connection
    from kompass_worker.runs.inspection import Filter

    wanted = Filter(
        models=tuple(model or ()),
        benchmarks=tuple(benchmark or ()),
        subjects=tuple(subject or ()),
        marks=_marks(verdict or ()),
    )
    how = Looked(output=output, limit=limit, in_full=full)
    end_with(lambda: inspect_run(run, connection(s3_endpoint, s3_region), wanted, how))


def _marks(names: list[str] | tuple[str, ...]) -> frozenset[Mark]:
    if not names:
        return WORTH_A_LOOK
    unknown = [name for name in names if name not in _VERDICTS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r} is none of {', '.join(_VERDICTS)}", param_hint="--verdict"
        )
    return frozenset() if _ALL in names else frozenset(map(Mark, names))
