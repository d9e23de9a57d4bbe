"""The commands of `kubectl evals`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.live import Live

from kompass_kubectl import views
from kompass_kubectl.comparing import compared
from kompass_kubectl.kubectl import Cluster, KubectlFailed, Place, Program
from kompass_kubectl.runs import Run

RUN_FAILED: Final = 1
"""Exit status where the run that was watched has failed, or kubectl did."""
POLL_SECONDS: Final = 2.0
NAME: Final = "kubectl evals"


class Output(StrEnum):
    """In which form."""

    TABLE = "table"
    JSON = "json"


class Stage(StrEnum):
    """Which pods of a run."""

    PLAN = "plan"
    SHARD = "shard"
    SUMMARIZE = "summarize"


@dataclass(frozen=True)
class _Session:
    cluster: Cluster
    console: Console


app = typer.Typer(
    name=NAME,
    help="Look at evaluation runs, follow them, compare them, stop and repeat them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

RunName = Annotated[str, typer.Argument(help="Name of the EvalRun.", metavar="RUN")]


@app.callback()
def _begin(
    context: typer.Context,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Namespace; else kubectl's.")
    ] = None,
    kube_context: Annotated[
        str | None, typer.Option("--context", help="Context of the kubeconfig.")
    ] = None,
    kubeconfig: Annotated[str | None, typer.Option(help="File with the cluster's access.")] = None,
) -> None:
    if context.obj is None:
        place = Place(namespace, kube_context, kubeconfig)
        context.obj = _Session(Cluster(Program(), place), Console())


@app.command()
def status(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="One run; else all.", metavar="[RUN]")] = None,
    everywhere: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Runs of every namespace.")
    ] = False,
) -> None:
    """Show runs, or everything about one."""
    session = _session(context)
    if run is not None:
        session.console.print(views.run_view(session.cluster.run(run), now=_now()))
        return
    found = session.cluster.runs(everywhere=everywhere)
    if not found:
        session.console.print("no EvalRuns here: kubectl apply -f evalrun.yaml begins one")
        return
    session.console.print(views.run_list(found, now=_now(), with_namespace=everywhere))


@app.command()
def watch(context: typer.Context, run: RunName) -> None:
    """Follow a run to its end; exit status 1 if it fails."""
    session = _session(context)
    seen = session.cluster.run(run)
    with Live(
        views.run_view(seen, now=_now()), console=session.console, auto_refresh=False
    ) as screen:
        while not seen.is_finished:
            time.sleep(POLL_SECONDS)
            seen = session.cluster.run(run)
            screen.update(views.run_view(seen, now=_now()), refresh=True)
    _end(seen)


@app.command()
def logs(
    context: typer.Context,
    run: RunName,
    shard: Annotated[int | None, typer.Option(help="One shard; else all.", min=0)] = None,
    stage: Annotated[Stage, typer.Option(help="Which pods.")] = Stage.SHARD,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    tail: Annotated[int, typer.Option(help="Last lines of each pod; -1 for all.")] = -1,
) -> None:
    """Show the logs of a run's pods."""
    selector = [f"kompass.dev/run={run}", f"kompass.dev/stage={stage.value}"]
    if shard is not None:
        selector.append(f"kompass.dev/shard={shard}")
    arguments = ["--selector", ",".join(selector), "--prefix", f"--tail={tail}"]
    more = ["--follow", "--max-log-requests=50"] if follow else []
    raise typer.Exit(_session(context).cluster.through("logs", *arguments, *more))


@app.command()
def report(
    context: typer.Context,
    run: RunName,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form.")] = Output.TABLE,
) -> None:
    """Show a run's headline scores, and where the whole report is."""
    session = _session(context)
    found = session.cluster.run(run)
    if output is Output.JSON:
        scores = [asdict(score) for score in found.scores]
        print(json.dumps({"run": found.name, "report": found.results, "scores": scores}, indent=2))
        return
    if not found.scores:
        _refuse(f"run {run} has no report ({found.phase}): kubectl evals status {run} says why")
    session.console.print(views.score_table(found.scores))
    session.console.print(f"whole report: {found.results}", highlight=False, soft_wrap=True)


@app.command()
def compare(
    context: typer.Context,
    first: Annotated[str, typer.Argument(help="The run to compare with.")],
    second: Annotated[str, typer.Argument(help="The run to compare.")],
) -> None:
    """Put two runs' headline scores side by side."""
    session = _session(context)
    left, right = session.cluster.run(first), session.cluster.run(second)
    for found in (left, right):
        if not found.scores:
            _refuse(f"run {found.name} has no report ({found.phase})")
    session.console.print(views.comparison(compared(left, right), first, second))
    session.console.print(
        f"paired test, with keys for the storage: kompass compare {left.results} {right.results}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def rerun(context: typer.Context, run: RunName) -> None:
    """Evaluate a run anew although it has results: sets spec.rerunToken."""
    session = _session(context)
    token = _now().strftime("%Y%m%dT%H%M%SZ")
    session.cluster.patch(run, {"rerunToken": token})
    session.console.print(f"run {run} begins anew (rerunToken {token})", highlight=False)


@app.command()
def cancel(
    context: typer.Context,
    run: RunName,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the EvalRun; its objects stay in storage.")
    ] = False,
) -> None:
    """Stop a run and free its GPUs; `resume` goes on from the last checkpoint."""
    session = _session(context)
    if delete:
        session.cluster.delete(run)
        session.console.print(f"run {run} is deleted; what it stored stays")
        return
    _refuse_finished(session.cluster.run(run))
    session.cluster.patch(run, {"execution": {"suspend": True}})
    session.console.print(f"run {run} stops; kubectl evals resume {run} goes on")


@app.command()
def resume(context: typer.Context, run: RunName) -> None:
    """Go on with a run that was cancelled or suspended."""
    session = _session(context)
    _refuse_finished(session.cluster.run(run))
    session.cluster.patch(run, {"execution": {"suspend": False}})
    session.console.print(f"run {run} goes on")


def main() -> None:
    """Entry point of kubectl-evals."""
    try:
        app(prog_name=NAME)
    except KubectlFailed as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        sys.exit(RUN_FAILED)


def _session(context: typer.Context) -> _Session:
    session: _Session = context.obj
    return session


def _now() -> datetime:
    return datetime.now(UTC)


def _end(run: Run) -> None:
    if not run.succeeded:
        raise typer.Exit(RUN_FAILED)


def _refuse(message: str) -> NoReturn:
    print(f"{NAME}: {message}", file=sys.stderr)
    raise typer.Exit(RUN_FAILED)


def _refuse_finished(run: Run) -> None:
    if run.is_finished:
        _refuse(f"run {run.name} has finished ({run.phase}); kubectl evals rerun begins anew")
