"""`kompass run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from kompass_api.modelendpoint import ModelType
from kompass_worker.cli.options import OutputOption, SourceOption
from kompass_worker.cli.outputs import Output
from kompass_worker.datasets.own_meta import DataType, InferMethod, OwnMeta

HELP: Final = """
Carry out an EvalRun on this machine: the same manifests, the same code, no cluster.

FILES hold EvalRun, ModelEndpoint and Benchmark documents. The run's plan, answers and report go to
a folder; the table is printed at the end.

With --model they are questions of your own instead (CSV, TSV, JSONL, JSON, Parquet), which need no
manifest: what the columns say makes it multiple choice, or question and answer.

    kompass run quiz.csv --model models/smollm2-135m-instruct --gpus 0

    kompass run quiz.csv --model owner/name --model-type base --infer-method ppl

A manifest for a cluster names sources that this machine may not have. --source puts folders in
their place, for example:

    kompass run examples/quickstart.yaml
      --source s3://kompass/models=~/models --source s3://kompass/data=examples/data

Sources in s3:// and hf:// work here too. The keys of a Secret NAME are read from the environment:
KOMPASS_SECRET__NAME__AWS_ACCESS_KEY_ID, KOMPASS_SECRET__NAME__HF_TOKEN and so on; where no Secret
is named, AWS' usual chain is used.

Exit status: 0 the run succeeded, 1 it failed or was stopped, 2 wrong usage.
"""

_OWN: Final = "Questions of your own"


def command(  # noqa: PLR0913, PLR0917  (the options of a command)
    files: Annotated[
        list[Path],
        typer.Argument(
            help="YAML files; or, with --model, files of questions.",
            metavar="FILE...",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results.  \\[default: kompass-out/<run>]"),
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
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Model that files of questions are put to: a folder with weights, owner/name on "
            "the hub, or a YAML file with a ModelEndpoint. May be repeated.",
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    model_type: Annotated[
        ModelType | None,
        typer.Option(
            help="Whether weights get prompts through a chat template.  \\[default: Chat]",
            case_sensitive=False,
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(
            help="GPUs that weights are spread over; 0: the CPU.  \\[default: 1]",
            min=0,
            max=16,
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    data_type: Annotated[
        DataType | None,
        typer.Option(
            help="What the questions are.  \\[default: what the first row says]",
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    infer_method: Annotated[
        InferMethod | None,
        typer.Option(
            help="Whether answers are written, or chosen by perplexity.  \\[default: gen]",
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    meta: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What else is to know of the questions.  \\[default: <data file>.meta.json]",
            show_default=False,
            rich_help_panel=_OWN,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the log too; it is kept in <out>/kompass.log.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Carry out an EvalRun on this machine."""
    from kompass_worker.cli.data_files import Asked
    from kompass_worker.cli.ending import end_with
    from kompass_worker.cli.run import Wish, carry_out

    own = Asked(
        models=tuple(model or ()),
        model_type=model_type,
        gpus=gpus,
        said=OwnMeta(data_type=data_type, infer_method=infer_method),
        meta=meta,
    )
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
        own=own,
    )
    end_with(lambda: carry_out(wish))
