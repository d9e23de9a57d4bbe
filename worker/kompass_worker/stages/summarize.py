"""The summarize stage: proves that all is there, scores it, writes the report."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from kompass_api.outcomes import ReportOutcome
from kompass_api.plandocument import Plan
from kompass_api.results import Completeness, Manifest, Report
from kompass_api.rundocument import digest_of
from kompass_api.status import ItemCounts
from kompass_worker.errors import IncompleteResults, InvalidData
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.inference.layout import REPORT_FOLDER, REPORT_KEY, SAMPLES_KEY
from kompass_worker.inference.parts import checksum, compressed, decode_part
from kompass_worker.prompts import Question
from kompass_worker.report import renderings, rules_of, sample_lines
from kompass_worker.report.lm_eval import Rules
from kompass_worker.stages.questions import material_of
from kompass_worker.stages.reuse import note_finished
from kompass_worker.stages.workplace import Workplace, read_plan
from kompass_worker.store.protocol import ObjectStore
from kompass_worker.summary import (
    Answer,
    completeness,
    distinct,
    headline,
    metrics_of,
    report_of,
    samples,
    scores,
    submissions,
)

logger = logging.getLogger(__name__)


def run_summarize(place: Workplace) -> tuple[ReportOutcome, Report]:
    """Write the report; may be repeated, and gives the same bytes."""
    stored = read_plan(place)
    manifests = _manifests(place.store, stored.plan, stored.digest)
    answers = [answer for held in manifests for answer in _answers(place.store, held)]
    proof = completeness(stored.plan, answers)
    _check_complete(proof, stored.plan, manifests)
    questions = list(_questions(place))
    judged = samples(stored.plan, place.document.models, questions, distinct(answers))
    metrics = metrics_of(questions)
    numbers = scores(stored.plan, judged, metrics)
    rows = [one.sample for one in judged]
    report = report_of(
        place.document,
        stored.plan,
        manifests,
        plan_digest=stored.digest,
        completeness=proof,
        scores=numbers,
    )
    sampled = compressed(sample_lines(rows))
    place.store.put(SAMPLES_KEY, sampled)
    for name, content in submissions(rows, questions).items():
        place.store.put(f"{REPORT_FOLDER}/{name}", content.encode())
    digest = _put_report(place.store, report, rules_of(stored.plan, metrics))
    outcome = ReportOutcome(
        uri=f"{place.store.uri}/{REPORT_FOLDER}",
        digest=digest,
        items=ItemCounts(
            planned=proof.planned,
            answered=proof.answered,
            unscored=sum(row.score is None for row in rows),
        ),
        headline=headline(numbers),
    )
    note_finished(place, stored.plan, outcome, sampled)
    return outcome, report


def _manifests(store: ObjectStore, plan: Plan, plan_digest: str) -> list[Manifest]:
    found = [ShardFolder(store, shard.index).manifest() for shard in plan.shards]
    manifests = [manifest for manifest in found if manifest is not None]
    strangers = [held.shard for held in manifests if held.plan_digest != plan_digest]
    if strangers:
        raise InvalidData(f"shards {strangers[:5]} answered another plan than {plan_digest}")
    return manifests


def _answers(store: ObjectStore, manifest: Manifest) -> Iterator[Answer]:
    for part in manifest.parts:
        content = store.get(part.key)
        if checksum(content) != part.sha256:
            raise InvalidData(
                f"{store.uri}/{part.key} has changed since shard {manifest.shard} was finished: "
                f"SHA-256 {checksum(content)}, expected {part.sha256}"
            )
        for prediction in decode_part(part.key, part.attempt, content).predictions:
            yield Answer(manifest.model, part.attempt, prediction)


def _check_complete(proof: Completeness, plan: Plan, manifests: list[Manifest]) -> None:
    if proof.answered == proof.planned and not proof.unexpected:
        return
    finished = {manifest.shard for manifest in manifests}
    unfinished = [shard.index for shard in plan.shards if shard.index not in finished]
    shards = f"; shards without a manifest: {unfinished[:20]}" if unfinished else ""
    first = ", ".join(proof.missing[:5])
    raise IncompleteResults(
        f"{proof.answered} of {proof.planned} planned items have an answer, {proof.unexpected} "
        f"answers belong to no planned prompt; missing: {first or 'none'}{shards}",
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
