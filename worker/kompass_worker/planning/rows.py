"""The rows that a run's table will have.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.plandocument import PlannedGroup, PlannedSubject
from kompass_api.rundocument import ResolvedBenchmark
from kompass_worker.benchmarks.catalogue import Catalogue, row_name
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


def planned_groups(
    benchmark: str, spec: BenchmarkSpec, known: Catalogue, chosen: Sequence[Subject]
) -> list[PlannedGroup]:
    """The groups whose subjects are all chosen: a mean of some would bear the name of all."""
    names = {subject.name for subject in chosen}
    return [
        PlannedGroup(
            name=group.name,
            benchmark=benchmark,
            row_names=[row_name(spec, subject) for subject in group.subjects],
        )
        for group in known.groups
        if names.issuperset(group.subjects)
    ]
