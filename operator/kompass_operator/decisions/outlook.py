"""A run's activity with what queue and quota say, and whether a person is needed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kompass_api.conditions import ConditionStatus, Reason
from kompass_api.rundocument import RunDocument
from kompass_operator.conditions import Activity, Admission
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.waits import Wait
from kompass_operator.observed import Observed


def outlook(
    activity: Activity,
    admitted: Admission,
    waits: Sequence[Wait],
    picture: Picture,
    seen: Observed,
) -> Activity:
    """The activity with what queue and quota say of it."""
    warned = replace(
        activity,
        admission=replace(admitted, evicted=admitted.evicted and not _any_runs(picture)),
        warning=shared_gpus(seen.document) if seen.document is not None else "",
    )
    if activity.suspended:
        return warned
    if activity.reason is Reason.QUEUED:
        return _queued(warned, admitted)
    if activity.reason is Reason.QUOTA_EXCEEDED:
        refused = Admission(ConditionStatus.FALSE, Reason.QUOTA_EXCEEDED, activity.message)
        return replace(warned, admission=refused)
    return _with_troubles(warned, waits)


def shared_gpus(document: RunDocument) -> str:
    """A warning about models that want a GPU of their own and ask for a share of one."""
    shares = [
        f"model {model.name}: {model.spec.gpu.resource_name} counts shares of a GPU, where others "
        "may take its memory and time: set gpu.exclusive to false if that is meant"
        for model in document.models
        if model.spec.gpu is not None and model.spec.gpu.is_share and model.spec.gpu.exclusive
    ]
    return "; ".join(shares)


def _any_runs(picture: Picture) -> bool:
    return any(not job.suspended for job in picture.open)


def _queued(activity: Activity, admitted: Admission) -> Activity:
    if admitted.status is ConditionStatus.TRUE or not admitted.message:
        return activity
    stalled = admitted.reason if admitted.needs_a_person else None
    return replace(activity, message=admitted.message, stalled=stalled)


def _with_troubles(activity: Activity, waits: Sequence[Wait]) -> Activity:
    """A node that is lost is told of while others get on; what needs a person stalls the run."""
    lost = [wait for wait in waits if wait.reason is Reason.NODE_UNREACHABLE]
    if activity.moving and lost:
        message = f"{activity.message}; {lost[0].message}"
        return replace(activity, reason=Reason.NODE_UNREACHABLE, message=message)
    stalls = any(wait.stalls and wait.reason is activity.reason for wait in waits)
    return replace(activity, stalled=activity.reason) if stalls else activity
