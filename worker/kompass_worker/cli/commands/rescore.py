"""`kompass rescore`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from kompass_worker.cli.options import (
    EndpointOption,
    OutputOption,
    RegionOption,
    RunArgument,
    SourceOption,
)
from kompass_worker.cli.outputs import Output

HELP: Final = """
Score a finished run again from its stored answers, with other rules. No model is loaded.

The new report goes to [b]rescored/<digest>[/b] in the run's folder; nothing that is there is
changed. The benchmark's data is read again for its references: --source says where it is, if not
where the run found it. Without --extraction and --metric the run's own rules are applied as they
are today.

A value may hold commas: what follows one and does not look like KEY= belongs to the value.

    kompass rescore kompass-out/quickstart --extraction first_option@0.5:options=ABCD

    kompass rescore kompass-out/math --metric g_pass_at_k:k=1,2,runs=4      (k is "1,2")

    kompass rescore kompass-out/both --benchmark gsm8k-gen --extraction none --metric exact_match

Exit status: 0 scored, 1 something is missing or broken, 2 wrong usage.
"""


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
    run: RunArgument,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark",
            metavar="NAME",
            help="Benchmark of the run that the new rules are for. May be repeated.",
            show_default=False,
        ),
    ] = None,
    extraction: Annotated[
        list[str] | None,
        typer.Option(
            "--extraction",
            metavar="NAME[:KEY=VALUE,...]",
            help="Rule that reads the answer; repeated, a chain. none: the text as it is.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME[:KEY=VALUE,...]", help="What is counted.", show_default=False),
    ] = None,
    source: SourceOption = None,
    output: OutputOption = Output.TABLE,
    s3_endpoint: EndpointOption = None,
    s3_region: RegionOption = "us-east-1",
) -> None:
    """Score a finished run again."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.options import connection
    from kompass_worker.cli.rescore import RescoreWish, rescore_run

    wish = RescoreWish(
        run=run,
        s3=connection(s3_endpoint, s3_region),
        benchmarks=tuple(benchmark or ()),
        extraction=tuple(extraction or ()),
        metric=metric,
        sources=tuple(source or ()),
        output=output,
    )
    end_with(lambda: rescore_run(wish))
