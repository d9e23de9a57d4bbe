"""The means that a run's table will have: those of its benchmarks, and those the run names.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kompass_api.benchmark import BenchmarkSpec, Group, Subject
from kompass_api.plandocument import PlannedGroup, PlannedSubject
from kompass_api.resolution import nearest
from kompass_api.scoring import GroupMember, RowGroup
from kompass_worker.benchmarks.catalogue import Catalogue, row_name
from kompass_worker.errors import InvalidRequest


def planned_groups(
    benchmark: str, spec: BenchmarkSpec, known: Catalogue, chosen: Sequence[Subject]
) -> list[PlannedGroup]:
    """The groups whose subjects are all chosen: a mean of some would bear the name of all."""
    names = {subject.name for subject in chosen}
    return [
        PlannedGroup(
            name=group.name,
            benchmark=benchmark,
            members=_members(benchmark, spec, group),
            mean=group.mean,
            metric="",
        )
        for group in known.groups
        if names.issuperset(group.subjects)
    ]


def _members(benchmark: str, spec: BenchmarkSpec, group: Group) -> list[GroupMember]:
    weights = group.weights or [1] * len(group.subjects)
    return [
        GroupMember(
            row=row_name(spec, subject), benchmark=benchmark, metric=group.metric, weight=weight
        )
        for subject, weight in zip(group.subjects, weights, strict=True)
    ]


def run_groups(
    asked: Iterable[RowGroup],
    subjects: Sequence[PlannedSubject],
    groups: Sequence[PlannedGroup],
) -> list[PlannedGroup]:
    """The groups that the run names, their rows found among subjects and earlier groups.

    Raises InvalidRequest for a row that is not there or that two benchmarks have.
    """
    rows = [
        *((held.row_name, held.benchmark) for held in subjects),
        *((held.name, held.benchmark) for held in groups),
    ]
    found: list[PlannedGroup] = []
    for group in asked:
        members = [_found(member, rows, group.name) for member in group.members]
        found.append(
            PlannedGroup(
                name=group.name,
                benchmark="",
                members=members,
                mean=group.mean,
                metric=group.metric,
            )
        )
        rows.append((group.name, ""))
    return found


def _found(member: GroupMember, rows: Sequence[tuple[str, str]], group: str) -> GroupMember:
    owners = list(dict.fromkeys(owner for row, owner in rows if row == member.row))
    if member.benchmark:
        owners = [owner for owner in owners if owner == member.benchmark]
    if not owners:
        raise InvalidRequest(
            f"table.groups {group!r}: the run has no row {member.row!r}"
            f"{nearest(member.row, {row for row, _ in rows})}; a group may only name rows of the "
            "run, and groups before it"
        )
    if len(owners) > 1:
        raise InvalidRequest(
            f"table.groups {group!r}: {' and '.join(owners)} both have a row {member.row!r}: say "
            "which with benchmark"
        )
    return member.model_copy(update={"benchmark": owners[0]})
