"""The rows that a run's table will have.

Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from kompass_api.benchmark import BenchmarkSpec, Subject, metric_of
from kompass_api.plandocument import PlannedSubject
from kompass_api.rundocument import ResolvedBenchmark
from kompass_worker.benchmarks.catalogue import row_name
from kompass_worker.benchmarks.versions import content_hash, oc_version
from kompass_worker.prompts.questions import USUAL, Manner


class RowCounts(NamedTuple):
    """Rows of a subject's file: asked, left out by data.where, and corrected to be understood."""

    items: int
    left_out: int = 0
    corrected: int = 0


def planned_subject(
    asked: ResolvedBenchmark,
    spec: BenchmarkSpec,
    subject: Subject,
    manner: Manner = USUAL,
    *,
    data_digest: str,
    counted: RowCounts,
) -> PlannedSubject:
    """The row of a subject that the run asks for."""
    return PlannedSubject(
        benchmark=asked.name,
        subject=subject.name,
        row_name=row_name(spec, subject.name),
        method=spec.method,
        metric=metric_of(spec, subject).name,
        oc_version=oc_version(spec, subject),
        content_hash=content_hash(
            spec,
            subject,
            data_digest,
            limit=asked.limit,
            max_new_tokens=asked.max_new_tokens,
            manner=manner,
        ),
        data_digest=data_digest,
        items=counted.items,
        left_out=counted.left_out,
        corrected=counted.corrected,
    )
