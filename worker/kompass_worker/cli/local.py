"""The shards of a run on this machine: one after the other here, or side by side in processes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock

from kompass_api.outcomes import PlanOutcome, ReportOutcome, TerminationMessage
from kompass_api.results import Report
from kompass_worker.backends.models import KeptModel
from kompass_worker.cli.display import Bar, Display
from kompass_worker.errors import IncompleteResults, Stopped, WorkerError
from kompass_worker.inference.stopping import StopSignal
from kompass_worker.stages.shard import Terms, run_shard
from kompass_worker.stages.summarize import run_summarize
from kompass_worker.stages.workplace import Workplace

logger = logging.getLogger(__name__)


def evaluate(
    place: Workplace,
    outcome: PlanOutcome,
    parallelism: int,
    display: Display,
    *,
    run_document: Path,
) -> None:
    """Carry out every shard."""
    shards = sum(model.shards for model in outcome.models)
    with display.bar("Evaluating", outcome.items) as bar:
        tally = Tally(bar)
        if parallelism == 1 or shards == 1:
            _in_this_process(place, shards, tally)
        else:
            _in_processes(place, shards, min(parallelism, shards), tally, run_document)


def summarized(place: Workplace) -> tuple[ReportOutcome, Report]:
    """The report; shards with a gap in their results fill it first, as in a cluster."""
    try:
        return run_summarize(place)
    except IncompleteResults as gap:
        logger.warning("a gap is filled", extra={"shards": gap.shards, "reason": str(gap)})
        for shard in gap.shards:
            run_shard(place, shard, _unseen, Terms(repair=1))
        return run_summarize(place)


def _unseen(done: int, total: int) -> None:
    """The bar is full already."""
    logger.debug("gap", extra={"done": done, "total": total})


class Tally:
    """Items answered over all shards."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._lock = Lock()
        self._done: dict[int, int] = {}

    def note(self, shard: int, done: int) -> None:
        """A shard has so many answers."""
        with self._lock:
            self._done[shard] = done
            self._bar.update(sum(self._done.values()))


def _in_this_process(place: Workplace, shards: int, tally: Tally) -> None:
    sharing = replace(place, models=KeptModel(place.models))
    for index in range(shards):
        place.stop.check()
        run_shard(sharing, index, partial(_noted, tally, index))


def _noted(tally: Tally, shard: int, done: int, total: int) -> None:  # noqa: ARG001
    tally.note(shard, done)


def _in_processes(
    place: Workplace, shards: int, parallelism: int, tally: Tally, run_document: Path
) -> None:
    children = Children(run_document, _environment(place, parallelism), tally, place.stop)
    with ThreadPoolExecutor(parallelism) as pool:
        running: set[Future[None]] = {pool.submit(children.run, i) for i in range(shards)}
        try:
            while running:
                # A short wait: signals are heard by this thread alone, between waits.
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                place.stop.check()
        except BaseException:
            place.stop.request()
            children.stop()
            raise


def _environment(place: Workplace, parallelism: int) -> dict[str, str]:
    threads = max(1, len(os.sched_getaffinity(0)) // parallelism)
    return {
        "OMP_NUM_THREADS": str(threads),
        **os.environ,
        "KOMPASS_WORK_DIR": str(place.settings.work_dir),
        "KOMPASS_PROGRESS_SECONDS": "0.5",
    }


@dataclass(frozen=True)
class _Ended:
    status: int
    message: TerminationMessage


class Children:
    """Worker processes as a cluster's pods would be: the same command, the same endings."""

    def __init__(
        self,
        run_document: Path,
        environment: Mapping[str, str],
        tally: Tally,
        stop: StopSignal,
    ) -> None:
        self._run_document = run_document
        self._environment = environment
        self._tally = tally
        self._stop = stop
        self._lock = Lock()
        self._running: set[subprocess.Popen[str]] = set()

    def run(self, shard: int) -> None:
        """Carry out one shard; raises what it died of."""
        self._stop.check()
        ended = self._ended(shard)
        if ended.status == Stopped.exit_code:
            raise Stopped(ended.message.message)
        if ended.status != 0:
            said = ended.message.message or f"shard {shard} ended with status {ended.status}"
            raise WorkerError(said, failure=ended.message.failure, item=ended.message.item)

    def stop(self) -> None:
        """Ask every process to stop after a checkpoint."""
        with self._lock:
            for process in self._running:
                process.terminate()

    def _ended(self, shard: int) -> _Ended:
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", prefix="kompass-") as log:
            command = [sys.executable, "-m", "kompass_worker.main", "shard"]
            command += ["--run-document", str(self._run_document), "--index", str(shard)]
            process = subprocess.Popen(
                command,
                env={**self._environment, "KOMPASS_TERMINATION_LOG": log.name},
                stderr=subprocess.PIPE,
                text=True,
            )
            with process, self._tracked(process):
                assert process.stderr is not None
                for line in process.stderr:
                    self._hear(shard, line)
            text = log.read()
        message = TerminationMessage.model_validate_json(text) if text else TerminationMessage()
        return _Ended(process.returncode, message)

    @contextmanager
    def _tracked(self, process: subprocess.Popen[str]) -> Iterator[None]:
        with self._lock:
            self._running.add(process)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)

    def _hear(self, shard: int, line: str) -> None:
        """Keep a line of the process's log; a progress line moves the bar."""
        try:
            said = json.loads(line)
        except ValueError:
            logger.warning("a shard said", extra={"shard": shard, "text": line.rstrip()})
            return
        if isinstance(said, dict) and said.get("message") == "progress":
            self._tally.note(shard, int(said["done"]))
        else:
            logger.info("a shard said", extra={"shard": shard, "said": said})
