"""The summarize stage: proves that all is there, scores it, writes the report."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final

from kompass_api.outcomes import ReportOutcome
from kompass_api.results import Completeness, Report
from kompass_api.rundocument import digest_of
from kompass_api.status import ItemCounts
from kompass_worker.errors import IncompleteResults
from kompass_worker.inference.layout import REPORT_FOLDER, REPORT_KEY, SAMPLES_KEY
from kompass_worker.inference.parts import compressed
from kompass_worker.prompts import Question
from kompass_worker.report import renderings, rules_of, sample_lines
from kompass_worker.report.lm_eval import Rules
from kompass_worker.runs.natures import costs_of
from kompass_worker.stages.answered import ShardResults, results_of, salvaged
from kompass_worker.stages.gating import gate_outcomes
from kompass_worker.stages.questions import material_of
from kompass_worker.stages.reuse import note_finished
from kompass_worker.stages.workplace import Workplace, read_plan
from kompass_worker.store.protocol import ObjectStore
from kompass_worker.summary import (
    completeness,
    distinct,
    headline,
    is_complete,
    metrics_of,
    report_of,
    samples,
    scores,
    submissions,
)

NAMED: Final = 5
"""Missing items that are named outside the report."""

logger = logging.getLogger(__name__)


def run_summarize(place: Workplace, *, partial: bool = False) -> tuple[ReportOutcome, Report]:
    """Write the report; may be repeated, and gives the same bytes.

    IncompleteResults where the proof of completeness fails, unless a partial report is wanted.
    """
    stored = read_plan(place)
    found = results_of(place.store, stored.plan, stored.digest)
    if partial:
        found = salvaged(place.store, found, stored.digest)
    answers = [answer for held in found for answer in held.answers]
    proof = completeness(stored.plan, answers)
    if not is_complete(proof) and (not partial or not proof.answered):
        raise _incomplete(proof, found)
    questions = list(_questions(place))
    judged = samples(stored.plan, place.document.models, questions, distinct(answers))
    metrics = metrics_of(questions)
    numbers = scores(stored.plan, judged, metrics)
    rows = [one.sample for one in judged]
    report = report_of(
        place.document,
        stored.plan,
        [held.manifest for held in found if held.manifest is not None],
        plan_digest=stored.digest,
        completeness=proof,
        scores=numbers,
    )
    sampled = compressed(sample_lines(rows))
    place.store.put(SAMPLES_KEY, sampled)
    for name, content in submissions(rows, questions).items():
        place.store.put(f"{REPORT_FOLDER}/{name}", content.encode())
    digest = _put_report(place.store, report, rules_of(stored.plan, metrics))
    outcome = _outcome(
        place,
        report,
        digest,
        unscored=sum(row.score is None for row in rows),
        costs=costs_of(stored.plan, place.document),
    )
    if not outcome.partial:
        gates = gate_outcomes(place, stored.plan, report, place.store)
        outcome = outcome.model_copy(update={"gates": gates})
        note_finished(place, stored.plan, outcome, sampled)
    return outcome, report


def _outcome(
    place: Workplace, report: Report, digest: str, *, unscored: int, costs: frozenset[str]
) -> ReportOutcome:
    proof = report.completeness
    return ReportOutcome(
        uri=f"{place.store.uri}/{REPORT_FOLDER}",
        digest=digest,
        partial=not is_complete(proof),
        missing=proof.missing[:NAMED],
        items=ItemCounts(
            planned=proof.planned,
            answered=proof.answered,
            missing=proof.planned - proof.answered,
            unscored=unscored,
        ),
        headline=headline(report.scores, costs),
    )


def _incomplete(proof: Completeness, found: Sequence[ShardResults]) -> IncompleteResults:
    """What is missing, where, and which shards have to answer again."""
    unfinished = [held.shard.index for held in found if held.manifest is None]
    shards = f"; shards without a manifest: {unfinished[:20]}" if unfinished else ""
    troubles = [trouble for held in found for trouble in held.troubles]
    broken = f"; {len(troubles)} parts are gone or broken: {troubles[0]}" if troubles else ""
    first = ", ".join(proof.missing[:NAMED])
    return IncompleteResults(
        f"{proof.answered} of {proof.planned} planned items have an answer, {proof.unexpected} "
        f"answers belong to no planned prompt; missing: {first or 'none'}{shards}{broken}",
        shards=[held.shard.index for held in found if not held.is_whole],
        item=proof.missing[0] if proof.missing else None,
    )


def _questions(place: Workplace) -> Iterator[Question]:
    for benchmark in place.document.benchmarks:
        material = material_of(benchmark, place.fetcher, place.manner)
        for subject in material.chosen:
            yield from material.questions(subject)


def _put_report(store: ObjectStore, report: Report, rules: Rules) -> str:
    """Every rendering, report.json last: where it is, the others are."""
    files = renderings(report, rules)
    last = files.pop(REPORT_KEY.removeprefix(f"{REPORT_FOLDER}/")).encode()
    for name, text in files.items():
        store.put(f"{REPORT_FOLDER}/{name}", text.encode())
    store.put(REPORT_KEY, last)
    return digest_of(last)
