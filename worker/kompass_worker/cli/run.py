"""`kompass run`: an EvalRun on this machine, from its manifest to its table."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from kompass_api.evalrun import EvalRun
from kompass_api.gates import GateMode
from kompass_api.outcomes import FailureClass, PlanOutcome, ReportOutcome
from kompass_api.resolution import ReportPlace, Surroundings, resolve
from kompass_api.rundocument import INDEX_FOLDER, ResolvedStorage, RunDocument
from kompass_api.sources import S3Connection
from kompass_worker.cli.data_files import NOTHING_ASKED, Asked, own_manifests, plain_manifests
from kompass_worker.cli.display import Display
from kompass_worker.cli.local import evaluate, summarized
from kompass_worker.cli.manifests import Manifests
from kompass_worker.cli.mappings import mapped, parse_mapping
from kompass_worker.cli.outputs import Output
from kompass_worker.cli.scores import show_scores
from kompass_worker.cli.usage import Status, WrongUsage
from kompass_worker.errors import InvalidRequest, Stopped, WorkerError
from kompass_worker.inference.layout import REPORT_FOLDER, REPORT_KEY, RUN_KEY
from kompass_worker.locations import folder_of
from kompass_worker.logs import json_lines, quieten_libraries
from kompass_worker.runs.reading import open_run
from kompass_worker.settings import WorkerSettings
from kompass_worker.stages.plan import check_storage
from kompass_worker.stages.reuse import plan_or_reuse
from kompass_worker.stages.workplace import Workplace
from kompass_worker.wiring import workplace

logger = logging.getLogger(__name__)

LOG_NAME = "kompass.log"
_PATIENCE_SECONDS = 30.0
_ELSEWHERE = (
    FailureClass.STORAGE_DENIED,
    FailureClass.STORAGE_UNAVAILABLE,
    FailureClass.BUCKET_MISSING,
    FailureClass.MODEL_ACCESS_DENIED,
    FailureClass.HUB_UNAVAILABLE,
)
"""Failures that a folder of this machine in place of a source may mend."""


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    files: tuple[Path, ...]
    out: Path | None
    run: str | None
    resume: bool
    sources: tuple[str, ...]
    parallelism: int
    verbose: bool
    output: Output = Output.TABLE
    reuse: bool = False
    own: Asked = NOTHING_ASKED
    """Of data files: which models are asked, and what the files are."""


def carry_out(wish: Wish) -> Status:
    """Do it, and say how it went."""
    display = Display(Console(stderr=True))
    try:
        document, out = prepare(wish)
        with _logged_to(out / LOG_NAME, verbose=wish.verbose):
            return _carry_out(wish, document, out, display)
    except (WrongUsage, InvalidRequest) as error:
        display.say(f"Error: {error}")
        return Status.WRONG_USAGE
    except Stopped:
        display.say(f"\nStopped; the answers so far are kept. Go on with: {_again(wish)}")
        return Status.FAILED
    except WorkerError as error:
        display.say(f"The run failed ({error.failure}): {error}")
        if error.failure in _ELSEWHERE:
            display.say("To read a source from a folder of this machine: --source URI=FOLDER")
        display.say(f"When that is mended, go on with: {_again(wish)}")
        return Status.FAILED


def prepare(wish: Wish) -> tuple[RunDocument, Path]:
    """The run document, and the folder it goes to; WrongUsage where that cannot be."""
    mappings = [parse_mapping(text) for text in wish.sources]
    manifests = mapped(_manifests(wish), mappings)
    run = manifests.run(wish.run)
    out = (wish.out or Path("kompass-out") / run.metadata.name).expanduser().absolute()
    connection = run.spec.storage.s3 if run.spec.storage else S3Connection()
    around = Surroundings(
        manifests.endpoints,
        manifests.benchmarks,
        in_cluster=False,
        reports=dict(_reports(run, out.parent)),
    )
    index = (out.parent / INDEX_FOLDER).as_uri() if wish.reuse else None
    storage = ResolvedStorage(uri=out.as_uri(), s3=connection)
    document = resolve(run, around, storage, index_uri=index)
    if isinstance(document, list):
        raise WrongUsage("\n".join(problem.message for problem in document))
    _check_folder(out, document, wish)
    return document, out


def _manifests(wish: Wish) -> Manifests:
    if wish.own.models:
        return own_manifests(wish.files, wish.own, Path.cwd())
    return plain_manifests(wish.files, wish.own)


def _reports(run: EvalRun, folder: Path) -> Iterator[tuple[str, ReportPlace]]:
    """The baselines of the run's gates: runs beside its own folder."""
    for gate in run.spec.gates:
        name = gate.baseline.run if gate.baseline is not None else None
        if name is not None and (folder / name / REPORT_KEY).is_file():
            yield name, ReportPlace((folder / name / REPORT_FOLDER).as_uri(), is_finished=True)


def _check_folder(out: Path, document: RunDocument, wish: Wish) -> None:
    held = out / RUN_KEY
    is_taken = out.exists() and (not out.is_dir() or _holds_work(out))
    if not is_taken:
        held.unlink(missing_ok=True)
    if is_taken and not wish.resume:
        raise WrongUsage(
            f"{out} is not empty: add --resume to go on with the run in it, or choose another "
            "folder with --out"
        )
    if is_taken and not held.is_file():
        raise WrongUsage(f"{out} holds no run to resume: choose another folder with --out")
    if is_taken and held.read_text(encoding="utf-8") != document.encoded():
        raise WrongUsage(
            f"the run in {out} is another one: the manifests or --source have changed since; "
            "choose another folder with --out"
        )


def _holds_work(folder: Path) -> bool:
    """Whether there is more than what a run leaves that could not even be planned."""
    return any(path.name not in {RUN_KEY, LOG_NAME} for path in folder.iterdir())


def _carry_out(wish: Wish, document: RunDocument, out: Path, display: Display) -> Status:
    started = time.monotonic()
    place = workplace(document, local_settings(os.environ), os.environ)
    with place.stop.installed():
        check_storage(place.store, document.encoded())
        models = ", ".join(model.name for model in document.models)
        display.say(f"Planning {document.run.name} ({models})")
        with place.stop.interruptible():
            outcome = plan_or_reuse(place)
        if isinstance(outcome, ReportOutcome):
            _show_reused(place, outcome, wish, display)
            return _gated(document, outcome, display)
        display.say(_planned(outcome))
        evaluate(place, outcome, wish.parallelism, display, run_document=out / RUN_KEY)
        ended, report = summarized(place)
    show_scores(report, wish.output)
    display.say(f"{outcome.items} answers, {time.monotonic() - started:.0f} s")
    display.say(f"Report: {_shown(out / 'report')}/report.md (and .json, .csv, .txt, samples)")
    return _gated(document, ended, display)


def _gated(document: RunDocument, outcome: ReportOutcome, display: Display) -> Status:
    """Say what came of the gates; one that failed is a failure unless it is only recorded."""
    for gate in outcome.gates:
        verdict = "passed" if gate.passed else "FAILED"
        value = gate.value or "no value"
        display.say(f"Gate {gate.name} {verdict}: {value}, wanted {gate.threshold}; {gate.message}")
    held = document.gate_mode is not GateMode.RECORD
    return Status.FAILED if held and not all(g.passed for g in outcome.gates) else Status.SUCCEEDED


def _show_reused(place: Workplace, outcome: ReportOutcome, wish: Wish, display: Display) -> None:
    run = outcome.uri.removesuffix(f"/{REPORT_FOLDER}")
    show_scores(open_run(run, place.document.storage.s3).report, wish.output)
    folder = _shown(folder_of(run))
    display.say(f"The run in {folder} measured the same; nothing was evaluated")
    display.say(f"Report: {folder / REPORT_FOLDER}/report.md")


def _planned(outcome: PlanOutcome) -> str:
    shards = sum(model.shards for model in outcome.models)
    return f"{outcome.items} questions in {shards} shard{'s' if shards > 1 else ''}"


def local_settings(environment: Mapping[str, str]) -> WorkerSettings:
    """The worker's settings, with a cache that the next run finds and a person's patience."""
    defaults: dict[str, tuple[str, Any]] = {
        "KOMPASS_WORK_DIR": ("work_dir", cache_folder(environment) / "sources"),
        "KOMPASS_STORAGE_PATIENCE_SECONDS": ("storage_patience_seconds", _PATIENCE_SECONDS),
    }
    ours = {field: value for name, (field, value) in defaults.items() if name not in environment}
    return WorkerSettings(**ours)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where a person's machine keeps what can be fetched again."""
    if environment.get("KOMPASS_CACHE"):
        return Path(environment["KOMPASS_CACHE"])
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "kompass"


@contextmanager
def _logged_to(path: Path, *, verbose: bool) -> Iterator[None]:
    """Log lines go to a file beside the results, and to the terminal where that is wanted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.FileHandler(path, encoding="utf-8", delay=True)]
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    quieten_libraries()
    logging.captureWarnings(capture=True)
    for handler in handlers:
        handler.setFormatter(json_lines())
        root.addHandler(handler)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _again(wish: Wish) -> str:
    words = ["kompass", "run", *map(str, wish.files), *wish.own.words(), "--resume"]
    words += ["--out", str(wish.out)] if wish.out else []
    words += ["--run", wish.run] if wish.run else []
    words += ["--reuse"] if wish.reuse else []
    words += [word for one in wish.sources for word in ("--source", one)]
    return shlex.join(words)


def _shown(path: Path) -> Path:
    """The path from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
