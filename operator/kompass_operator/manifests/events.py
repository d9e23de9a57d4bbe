"""Events that `kubectl describe evalrun` shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.conditions import Condition, ConditionStatus, ConditionType, Reason
from kompass_api.evalrun import EvalRun
from kompass_api.resources import API_VERSION
from kompass_api.status import EvalRunStatus
from kompass_operator.cluster import Manifest
from kompass_operator.conditions import held
from kompass_operator.names import MANAGER, event_name, labels

_TRUE, _FALSE = ConditionStatus.TRUE, ConditionStatus.FALSE
_TELLING = (
    (ConditionType.ACCEPTED, _TRUE),
    (ConditionType.ACCEPTED, _FALSE),
    (ConditionType.SUSPENDED, _TRUE),
    (ConditionType.SHARDS_SUCCEEDED, _TRUE),
    (ConditionType.COMPLETE, _TRUE),
    (ConditionType.FAILED, _TRUE),
)
_BAD = frozenset({(ConditionType.ACCEPTED, _FALSE), (ConditionType.FAILED, _TRUE)})


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
        and not _same(held(before, about), now)
    ]
    stuck = held(after, ConditionType.PROGRESSING)
    if stuck is not None and _is_trouble(stuck) and not _same_reason(before, stuck):
        turns.append(
            Announcement(stuck.reason, stuck.message, stuck.last_transition_time, warning=True)
        )
    return turns


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
    last = held(before, ConditionType.PROGRESSING)
    return last is not None and (last.status, last.reason) == (now.status, now.reason)


_TROUBLES = frozenset(
    {
        Reason.UNSCHEDULABLE,
        Reason.IMAGE_PULL_BACK_OFF,
        Reason.SECRET_MISSING,
        Reason.QUOTA_EXCEEDED,
        Reason.WAITING,
    }
)


def _is_trouble(progressing: Condition) -> bool:
    return progressing.status is _FALSE and progressing.reason in _TROUBLES
