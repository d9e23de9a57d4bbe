"""Events that `kubectl describe evalrun` shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.conditions import Condition, ConditionStatus, ConditionType, Reason
from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import FailureClass
from kompass_api.resources import API_VERSION
from kompass_api.status import EvalRunStatus, Failure
from kompass_operator.cluster import Manifest
from kompass_operator.conditions import held, holds
from kompass_operator.names import MANAGER, event_name, labels

_TRUE, _FALSE = ConditionStatus.TRUE, ConditionStatus.FALSE
_TELLING = (
    (ConditionType.ACCEPTED, _TRUE),
    (ConditionType.ACCEPTED, _FALSE),
    (ConditionType.ADMITTED, _TRUE),
    (ConditionType.SUSPENDED, _TRUE),
    (ConditionType.SHARDS_SUCCEEDED, _TRUE),
    (ConditionType.COMPLETE, _TRUE),
    (ConditionType.GATES_PASSED, _TRUE),
    (ConditionType.GATES_PASSED, _FALSE),
    (ConditionType.FAILED, _TRUE),
)
_NO_NEWS = frozenset({Reason.NO_QUEUE})
_BAD = frozenset(
    {
        (ConditionType.ACCEPTED, _FALSE),
        (ConditionType.GATES_PASSED, _FALSE),
        (ConditionType.FAILED, _TRUE),
    }
)


@dataclass(frozen=True)
class Announcement:
    """Something worth an Event."""

    reason: str
    message: str
    time: str
    warning: bool = False


def announcements(before: EvalRunStatus, after: EvalRunStatus) -> list[Announcement]:
    """What changed between two statuses that a person wants to hear of."""
    turns = [
        Announcement(
            now.reason, now.message or now.type, now.last_transition_time, (about, state) in _BAD
        )
        for about, state in _TELLING
        if (now := held(after, about)) is not None
        and now.status is state
        and now.reason not in _NO_NEWS
        and not _same(held(before, about), now)
    ]
    for about in (ConditionType.PROGRESSING, ConditionType.ADMITTED):
        stuck = held(after, about)
        if stuck is not None and _is_trouble(stuck) and not _same_reason(before, stuck):
            turns.append(
                Announcement(stuck.reason, stuck.message, stuck.last_transition_time, warning=True)
            )
    return [*turns, *_jobs_created(before, after), *_retries(before, after)]


def _jobs_created(before: EvalRunStatus, after: EvalRunStatus) -> list[Announcement]:
    """Once, for all shards: that they are cut and begin."""
    total = after.shards.total
    if before.shards.total or not total or after.start_time is None:
        return []
    message = f"{total} shards with {after.items.planned} items; {after.shards.running} Jobs start"
    return [Announcement("JobsCreated", message, after.start_time)]


def _retries(before: EvalRunStatus, after: EvalRunStatus) -> list[Announcement]:
    """One Event for all attempts that failed since the last status, and one for the storage."""
    if holds(after, ConditionType.FINISHED):
        return []
    known = {(one.stage, one.shard, one.pod, one.time) for one in before.failures}
    fresh = [
        one for one in after.failures if (one.stage, one.shard, one.pod, one.time) not in known
    ]
    away = [one for one in fresh if one.failure == FailureClass.STORAGE_UNAVAILABLE]
    others = [one for one in fresh if one not in away]
    return [
        Announcement(reason, _attempts(group), max(one.time for one in group), warning=True)
        for reason, group in (("ShardRetry", others), ("StorageUnavailable", away))
        if group
    ]


def _attempts(failures: list[Failure]) -> str:
    newest = failures[0]
    place = f"shard {newest.shard}" if newest.shard is not None else newest.stage
    more = f" and {len(failures) - 1} more attempts" if len(failures) > 1 else ""
    return f"{place}{more} failed and may be tried again: {newest.failure}: {newest.message}"


def event(run: EvalRun, announcement: Announcement) -> Manifest:
    """The Event; its name makes sure that it is told once."""
    meta = run.metadata
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": event_name(meta, announcement.reason, announcement.time),
            "namespace": meta.namespace,
            "labels": labels(meta),
        },
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": "EvalRun",
            "name": meta.name,
            "namespace": meta.namespace,
            "uid": meta.uid,
        },
        "type": "Warning" if announcement.warning else "Normal",
        "reason": announcement.reason,
        "message": announcement.message[:1024],
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
        "reportingInstance": MANAGER,
        "firstTimestamp": announcement.time,
        "lastTimestamp": announcement.time,
        "count": 1,
    }


def _same(before: Condition | None, now: Condition) -> bool:
    return before is not None and before.status is now.status


def _same_reason(before: EvalRunStatus, now: Condition) -> bool:
    last = next((found for found in before.conditions if found.type == now.type), None)
    return last is not None and (last.status, last.reason) == (now.status, now.reason)


_TROUBLES = frozenset(
    {
        Reason.UNSCHEDULABLE,
        Reason.IMAGE_PULL_BACK_OFF,
        Reason.SECRET_MISSING,
        Reason.QUOTA_EXCEEDED,
        Reason.WAITING,
        Reason.NO_PROGRESS,
        Reason.QUEUE_NOT_FOUND,
        Reason.EXCEEDS_MAX_QUOTA,
        Reason.NO_MATCHING_FLAVOR,
        Reason.WORKLOAD_MISSING,
        Reason.POLICY_DENIED,
        Reason.WAITING_FOR_GPUS,
    }
)


def _is_trouble(found: Condition) -> bool:
    # A lost node is told of although other shards get on.
    if found.reason == Reason.NODE_UNREACHABLE:
        return True
    return found.status is _FALSE and found.reason in _TROUBLES
