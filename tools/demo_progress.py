"""What an EvalRun's status says while it runs, as lines for a person. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kompass_api.conditions import ConditionStatus, ConditionType
from kompass_api.status import EvalRunStatus

_ENDED: Final = ("Succeeded", "Failed")


def pods_line(pods: Sequence[Mapping[str, Any]]) -> str:
    """What the pods that have not ended are doing: `1 pod ContainerCreating`."""
    counted = Counter(_state(pod) for pod in pods)
    return ", ".join(
        f"{count} pod{'s' if count > 1 else ''} {state}"
        for state, count in sorted(counted.items())
        if state not in _ENDED
    )


def progress_line(status: EvalRunStatus) -> str:
    """How far the run is."""
    if not status.phase:
        return "waiting for the operator"
    shards = f", shards {status.progress}" if status.progress else ""
    about = _message(status, ConditionType.PROGRESSING) or _message(status, ConditionType.ACCEPTED)
    return f"{status.phase}{shards}{f': {about}' if about else ''}"


def is_finished(status: EvalRunStatus) -> bool:
    """Whether the run has ended, well or not."""
    return _holds(status, ConditionType.FINISHED)


def has_succeeded(status: EvalRunStatus) -> bool:
    """Whether it ended well."""
    return _holds(status, ConditionType.SUCCEEDED)


def failure_lines(status: EvalRunStatus) -> list[str]:
    """Why a run failed: the verdict, then each pod that did not end well."""
    verdict = _message(status, ConditionType.FAILED) or _message(status, ConditionType.SUCCEEDED)
    pods = [
        f"{failure.stage} pod {failure.pod or '?'} ({failure.failure}): {failure.message}"
        for failure in status.failures
    ]
    return [line for line in (verdict, *pods) if line]


def _state(pod: Mapping[str, Any]) -> str:
    """A waiting container's reason says more than the pod's phase."""
    containers = pod.get("status", {}).get("containerStatuses", [])
    waiting = [c["state"]["waiting"]["reason"] for c in containers if "waiting" in c["state"]]
    return str(waiting[0] if waiting else pod.get("status", {}).get("phase", "Pending"))


def _holds(status: EvalRunStatus, about: ConditionType) -> bool:
    return any(
        condition.type == about and condition.status is ConditionStatus.TRUE
        for condition in status.conditions
    )


def _message(status: EvalRunStatus, about: ConditionType) -> str:
    found = [condition.message for condition in status.conditions if condition.type == about]
    return found[0] if found else ""
