"""The rows that a run's table will have.

Pure.
"""

from __future__ import annotations

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.plandocument import PlannedSubject
from kompass_api.rundocument import ResolvedBenchmark
from kompass_worker.benchmarks.catalogue import row_name
from kompass_worker.benchmarks.versions import content_hash, oc_version


def planned_subject(
    asked: ResolvedBenchmark,
    spec: BenchmarkSpec,
    subject: Subject,
    *,
    data_digest: str,
    items: int,
) -> PlannedSubject:
    """The row of a subject that the run asks for."""
    return PlannedSubject(
        benchmark=asked.name,
        subject=subject.name,
        row_name=row_name(spec, subject.name),
        method=spec.method,
        metric=spec.metric.name,
        oc_version=oc_version(spec, subject),
        content_hash=content_hash(
            spec, subject, data_digest, limit=asked.limit, max_new_tokens=asked.max_new_tokens
        ),
        data_digest=data_digest,
        items=items,
    )
