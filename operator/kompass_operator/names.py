"""What a run's children are called and labelled. Pure.

A name is a function of the run and the place of the child, so that creating it again is answered
by "exists already". The hash of the run's UID keeps a run that was deleted and applied again apart
from its predecessor.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from kompass_api.notifications import Notification
from kompass_api.resources import GROUP, ObjectMeta
from kompass_api.status import EvalRunStatus

RUN_LABEL: Final = f"{GROUP}/run"
RUN_UID_LABEL: Final = f"{GROUP}/run-uid"
STAGE_LABEL: Final = f"{GROUP}/stage"
SHARD_LABEL: Final = f"{GROUP}/shard"
TURN_LABEL: Final = f"{GROUP}/turn"
"""Which Job of its shard this is, from 0; left out of the first."""
REPAIR_LABEL: Final = f"{GROUP}/repair"
"""Round of the gap that a shard Job fills; left out where it fills none."""
STRUCK_ANNOTATION: Final = f"{GROUP}/failed-attempts"
"""Attempts that earlier Jobs of the shard have used up."""
AVOID_ANNOTATION: Final = f"{GROUP}/avoid-nodes"
"""Nodes with a broken device, separated by commas."""
MANAGER: Final = "kompass-operator"
"""Field manager, event source and value of app.kubernetes.io/managed-by."""


class Stage(StrEnum):
    """Which part of a run a Job does."""

    PLAN = "plan"
    SHARD = "shard"
    SUMMARIZE = "summarize"
    PARTIAL = "partial"
    """A summary of what there is, of a run that was given up."""
    NOTIFY = "notify"


def fingerprint(uid: str, attempt: int = 1) -> str:
    """Six hexadecimal digits of a run's UID and, from the second on, its attempt."""
    text = uid if attempt == 1 else f"{uid} {attempt}"
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def document_name(run: ObjectMeta, attempt: int = 1) -> str:
    """Name of the ConfigMap with the run document."""
    return f"{run.name}-{fingerprint(run.uid, attempt)}-run"


def network_name(run: ObjectMeta) -> str:
    """Name of the NetworkPolicy of a run's pods."""
    return f"{run.name}-{fingerprint(run.uid)}-net"


def job_name(
    run: ObjectMeta, stage: Stage, shard: int | None = None, *, attempt: int = 1, turn: int = 0
) -> str:
    """Name of the Job of a stage, or of one shard; `turn` counts the Jobs of that shard."""
    place = stage.value if shard is None else f"s{shard}"
    again = f"-t{turn}" if turn else ""
    return f"{run.name}-{fingerprint(run.uid, attempt)}-{place}{again}"


def notice_name(run: ObjectMeta, notification: Notification, status: EvalRunStatus) -> str:
    """Name of the Job of a notification; the hash stands for its name, which may be long."""
    place = hashlib.sha256(notification.name.encode()).hexdigest()[:6]
    return f"{run.name}-{fingerprint(run.uid, status.attempt)}-n{place}"


def event_name(run: ObjectMeta, reason: str, time: str) -> str:
    """Name of the Event that says once that something happened."""
    happening = hashlib.sha256(f"{run.uid} {reason} {time}".encode()).hexdigest()[:16]
    return f"{run.name}.{happening}"


def labels(run: ObjectMeta, stage: Stage | None = None, shard: int | None = None) -> dict[str, str]:
    """Labels of a child."""
    wanted = {
        "app.kubernetes.io/name": "kompass",
        "app.kubernetes.io/component": "worker",
        "app.kubernetes.io/part-of": "kompass",
        "app.kubernetes.io/managed-by": MANAGER,
        RUN_LABEL: run.name,
        RUN_UID_LABEL: run.uid,
    }
    if stage is not None:
        wanted[STAGE_LABEL] = stage.value
    if shard is not None:
        wanted[SHARD_LABEL] = str(shard)
    return wanted


def selector(run: ObjectMeta) -> str:
    """Label selector for all children of a run."""
    return f"{RUN_UID_LABEL}={run.uid}"
