"""The kompass-worker process: one stage of one run, told everything by the run document."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from kompass_api.notifications import ChannelType, Notice
from kompass_api.outcomes import ExitCode, FailureClass, ReportOutcome, TerminationMessage
from kompass_api.rundocument import RunDocument
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InvalidRequest, WorkerError
from kompass_worker.inference.pace import Pace
from kompass_worker.inference.page import served
from kompass_worker.inference.progress import LoggedProgress, both
from kompass_worker.logs import configure
from kompass_worker.notices import send
from kompass_worker.notices.sending import Keys
from kompass_worker.processors import share_processors
from kompass_worker.settings import DEFAULT_TERMINATION_LOG, WorkerSettings
from kompass_worker.stages.plan import check_storage
from kompass_worker.stages.reuse import plan_or_reuse
from kompass_worker.stages.shard import Terms, run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store import open_store
from kompass_worker.termination import leave, message_of
from kompass_worker.wiring import workplace

logger = logging.getLogger(__name__)

_WRONG_ARGUMENTS = 2
Stage = Callable[[Workplace], TerminationMessage]

app = typer.Typer(
    name="kompass-worker",
    help="One stage of a Kompass run, as its pods do it. People use `kompass run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DocumentOption = Annotated[
    Path, typer.Option("--run-document", help="The run document (run.json of the ConfigMap).")
]


@app.command()
def plan(run_document: DocumentOption) -> None:
    """Write plan.json: every item, and the shard that answers it."""
    _carry_out(run_document, _plan)


@app.command()
def shard(
    run_document: DocumentOption,
    index: Annotated[int, typer.Option(help="Index of the shard in the plan.", min=0)],
    max_restarts: Annotated[
        int | None, typer.Option(help="Interruptions that one Job may have.", min=0)
    ] = None,
    repair: Annotated[
        int, typer.Option(help="Round of the gap in the results that is filled.", min=0)
    ] = 0,
) -> None:
    """Answer the items of one shard."""

    def stage(place: Workplace) -> TerminationMessage:
        logged = LoggedProgress(index, seconds=place.settings.progress_seconds, clock=place.clock)
        pace = Pace(index, place.clock)
        with served(pace.told, place.settings.progress_port):
            run_shard(place, index, both(logged, pace), Terms(repair, max_restarts))
        return TerminationMessage(message=f"shard {index} is finished")

    _carry_out(run_document, stage)


@app.command()
def summarize(
    run_document: DocumentOption,
    *,
    partial: Annotated[
        bool, typer.Option("--partial", help="Report what there is, and say what is missing.")
    ] = False,
) -> None:
    """Prove that every item is answered, score the answers, write the report."""
    _carry_out(run_document, _summarize_part if partial else _summarize)


@app.command()
def notify(
    channel: Annotated[ChannelType, typer.Option("--type", help="Where the message goes.")],
    folder: Annotated[Path, typer.Option("--keys", help="Folder of the Secret's keys.")],
) -> None:
    """Tell of the run's end; what is told stands in KOMPASS_NOTICE."""
    settings = _settings()
    configure(settings.log_level)
    try:
        notice = read_notice(os.environ.get("KOMPASS_NOTICE", ""))
        send(channel, notice, Keys(folder), now=lambda: datetime.now(UTC))
    except WorkerError as error:
        logger.error("ended", extra={"failure": error.failure, "reason": str(error)})  # noqa: TRY400
        leave(message_of(error), settings.termination_log)
        sys.exit(error.exit_code)
    leave(TerminationMessage(message=f"told {channel}"), settings.termination_log)


def main() -> None:
    """Entry point of the container."""
    share_processors(os.environ)
    try:
        app()
    except SystemExit as ended:
        # The parser's own status for wrong arguments means nothing in a Job's podFailurePolicy.
        sys.exit(ExitCode.USAGE if ended.code == _WRONG_ARGUMENTS else ended.code)


def read_document(path: Path) -> RunDocument:
    """The run document of a file."""
    try:
        return RunDocument.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidRequest(f"run document {path}: {error.strerror}") from error
    except ValidationError as error:
        raise InvalidRequest(f"run document {path} is not of this version: {error}") from error


def read_notice(text: str) -> Notice:
    """What is told, as the operator put it."""
    try:
        return Notice.model_validate_json(text)
    except ValidationError as error:
        raise InvalidRequest(f"KOMPASS_NOTICE is no notice of this version: {error}") from error


def preflight(
    document: RunDocument, settings: WorkerSettings, environment: Mapping[str, str]
) -> None:
    """Try the storage with less patience than later: nothing can be lost yet."""
    store = open_store(
        document.storage,
        Credentials(environment),
        patience_seconds=settings.preflight_patience_seconds,
    )
    check_storage(store, document.encoded())


def _plan(place: Workplace) -> TerminationMessage:
    with place.stop.interruptible():
        found = plan_or_reuse(place)
    if isinstance(found, ReportOutcome):
        return TerminationMessage(report=found)
    return TerminationMessage(plan=found)


def _summarize_part(place: Workplace) -> TerminationMessage:
    with place.stop.interruptible():
        outcome, _ = run_summarize(place, partial=True)
    return TerminationMessage(report=outcome)


def _summarize(place: Workplace) -> TerminationMessage:
    with place.stop.interruptible():
        outcome, _ = run_summarize(place)
    return TerminationMessage(report=outcome)


def _settings() -> WorkerSettings:
    try:
        return WorkerSettings()
    except ValidationError as error:
        configure()
        logger.error("wrong settings", extra={"reason": str(error)})  # noqa: TRY400
        message = TerminationMessage(failure=FailureClass.INVALID_REQUEST, message=str(error))
        leave(message, DEFAULT_TERMINATION_LOG)
        sys.exit(ExitCode.USAGE)


def _carry_out(run_document: Path, stage: Stage) -> None:
    settings = _settings()
    configure(settings.log_level)
    try:
        document = read_document(run_document)
        if stage is _plan:
            preflight(document, settings, os.environ)
        place = workplace(document, settings, os.environ)
        with place.stop.installed():
            message = stage(place)
    except WorkerError as error:
        logger.error("ended", extra={"failure": error.failure, "reason": str(error)})  # noqa: TRY400
        leave(message_of(error), settings.termination_log)
        sys.exit(error.exit_code)
    except Exception as error:
        logger.exception("a bug in Kompass")
        leave(message_of(error), settings.termination_log)
        sys.exit(ExitCode.SOFTWARE)
    leave(message, settings.termination_log)
    logger.info("done")


if __name__ == "__main__":
    main()
