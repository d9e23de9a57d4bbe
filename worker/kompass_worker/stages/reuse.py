"""Finished runs of the namespace, found by what they measured: nothing is measured twice.

An entry of the index only says where to look. Its run counts if its plan asked the same questions
of the same data and its report and samples are, byte for byte, those that it wrote.
"""

from __future__ import annotations

import logging
from typing import Final

from pydantic import ValidationError

from kompass_api.outcomes import PlanOutcome, ReportOutcome
from kompass_api.plandocument import Plan
from kompass_api.results import FinishedRun, Report
from kompass_api.rundocument import ResultsIndex, canonical_json, digest_of
from kompass_api.status import ReusedRun
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest
from kompass_worker.inference.layout import REPORT_FOLDER, REPORT_KEY, SAMPLES_KEY
from kompass_worker.runs.natures import costs_of
from kompass_worker.stages.gating import gate_outcomes
from kompass_worker.stages.plan import make_plan, write_plan
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store.protocol import AlreadyExists, ObjectStore, checked_key
from kompass_worker.summary import headline

LOOKED_AT: Final = 20
"""Entries of one hash that are tried: more than one has lost its results, or is of other data."""

logger = logging.getLogger(__name__)


def plan_or_reuse(place: Workplace) -> PlanOutcome | ReportOutcome:
    """The plan, written; or the report of a run that measured the same, and nothing is written."""
    planned = make_plan(place)
    index = place.document.index
    if index is not None and index.look_up:
        found = _finished_before(place, index, planned)
        if found is not None:
            return found
    return write_plan(place.store, planned)


def note_finished(place: Workplace, plan: Plan, outcome: ReportOutcome, samples: bytes) -> None:
    """Enter the run into the index, once."""
    index = place.document.index
    if index is None:
        return
    folder = place.document.storage.uri.removeprefix(f"{_home(index)}/")
    entry = FinishedRun(
        name=place.document.run.name,
        uid=place.document.run.uid,
        run_hash=index.run_hash,
        measured=measured(plan),
        folder=folder,
        report_digest=outcome.digest,
        samples_digest=digest_of(samples),
        items=outcome.items,
    )
    content = canonical_json(entry.model_dump(mode="json", by_alias=True)).encode()
    key = f"{_folder_of(index)}{folder.replace('/', '-')}.json"
    try:
        place.beside(index.uri).put_new(key, content)
    except AlreadyExists:
        logger.debug("the run is in the index already", extra={"key": key})


def measured(plan: Plan) -> str:
    """`sha256:` over what a plan asks of whom and how that is scored, not how it is sharded."""
    subjects = [
        [held.benchmark, held.subject, held.row_name, held.metric, held.content_hash]
        for held in plan.subjects
    ]
    groups = [held.model_dump(mode="json", by_alias=True) for held in plan.groups]
    items = [
        [shard.model, item.id, item.prompt_hash] for shard in plan.shards for item in shard.items
    ]
    return digest_of(canonical_json([subjects, groups, items]).encode())


def _finished_before(place: Workplace, index: ResultsIndex, plan: Plan) -> ReportOutcome | None:
    entries = place.beside(index.uri)
    for held in entries.entries(_folder_of(index))[:LOOKED_AT]:
        try:
            entry = FinishedRun.model_validate_json(entries.get(held.key))
            outcome = _verified(place, index, entry, plan)
        except (ValidationError, InputMissing, InvalidData, InvalidRequest) as error:
            about = {"entry": f"{entries.uri}/{held.key}", "reason": str(error)}
            logger.warning("finished results cannot be taken", extra=about)
            continue
        logger.info("results were found by content", extra={"run": entry.name, "uid": entry.uid})
        return outcome
    return None


def _verified(
    place: Workplace, index: ResultsIndex, entry: FinishedRun, plan: Plan
) -> ReportOutcome:
    wanted = measured(plan)
    if (entry.run_hash, entry.measured) != (index.run_hash, wanted):
        raise InvalidData(
            f"run {entry.name} measured {entry.measured} (data, prompts, scoring), this one "
            f"measures {wanted}"
        )
    store = place.beside(f"{_home(index)}/{checked_key(entry.folder)}")
    report = Report.model_validate_json(_unchanged(store, REPORT_KEY, entry.report_digest))
    _unchanged(store, SAMPLES_KEY, entry.samples_digest)
    if report.namespace != place.document.run.namespace:
        raise InvalidData(f"{store.uri} is a run of namespace {report.namespace}")
    return ReportOutcome(
        uri=f"{store.uri}/{REPORT_FOLDER}",
        digest=entry.report_digest,
        items=entry.items,
        headline=headline(report.scores, costs_of(plan, place.document)),
        gates=gate_outcomes(place, plan, report, store),
        reused_from=ReusedRun(name=entry.name, uid=entry.uid),
    )


def _unchanged(store: ObjectStore, key: str, digest: str) -> bytes:
    content = store.get(key)
    if digest_of(content) != digest:
        raise InvalidData(
            f"{store.uri}/{key} has changed since it was written: {digest_of(content)}, expected "
            f"{digest}"
        )
    return content


def _home(index: ResultsIndex) -> str:
    """The folder that holds the index and the runs of its namespace."""
    return index.uri.rpartition("/")[0]


def _folder_of(index: ResultsIndex) -> str:
    return f"{index.run_hash.removeprefix('sha256:')}/"
