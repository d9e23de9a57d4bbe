"""`kompass compare`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from kompass_worker.cli.options import EndpointOption, OutputOption, RegionOption
from kompass_worker.cli.outputs import Output

HELP: Final = """
Compare two finished runs: for each benchmark the difference of the second from the first.

Only items that both runs judged count, and the test is a paired one: McNemar's for right and wrong,
the normal test of the mean difference for other scores. p says how often chance alone would give a
difference as large. A benchmark whose content differs (data, prompt, limits, extraction, metric) is
left out and marked; --different compares it all the same.

    kompass compare kompass-out/before kompass-out/after

    kompass compare kompass-out/both kompass-out/both --models small:large --subjects

    kompass compare RUN RUN --items -o md > changes.md      (what got better and worse)

Exit status: 0 compared, 2 nothing can be compared.
"""


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
    first: Annotated[
        str, typer.Argument(metavar="RUN", help="What is compared with.", show_default=False)
    ],
    second: Annotated[
        str, typer.Argument(metavar="RUN", help="What is compared.", show_default=False)
    ],
    models: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST:SECOND",
            help="Models to compare, where both runs do not have the same.",
            show_default=False,
        ),
    ] = None,
    subjects: Annotated[
        bool, typer.Option("--subjects", help="A row for each subject of a benchmark.")
    ] = False,
    items: Annotated[
        bool, typer.Option("--items", help="Show every item that got better or worse too.")
    ] = False,
    different: Annotated[
        bool, typer.Option("--different", help="Compare benchmarks whose content differs as well.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show long predictions whole in tables too.")
    ] = False,
    output: OutputOption = Output.TABLE,
    s3_endpoint: EndpointOption = None,
    s3_region: RegionOption = "us-east-1",
) -> None:
    """Compare two finished runs."""
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.finished import CompareWish, compare_runs
    from kompass_worker.cli.options import connection

    wish = CompareWish(
        first=first,
        second=second,
        s3=connection(s3_endpoint, s3_region),
        models=models,
        by_subject=subjects,
        items=items,
        different=different,
        in_full=full,
        output=output,
    )
    end_with(lambda: compare_runs(wish))
