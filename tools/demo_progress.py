"""What an EvalRun's status says while it runs, as lines for a person. Pure."""

from __future__ import annotations

from kompass_api.conditions import ConditionStatus, ConditionType
from kompass_api.status import EvalRunStatus


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


def _holds(status: EvalRunStatus, about: ConditionType) -> bool:
    return any(
        condition.type == about and condition.status is ConditionStatus.TRUE
        for condition in status.conditions
    )


def _message(status: EvalRunStatus, about: ConditionType) -> str:
    found = [condition.message for condition in status.conditions if condition.type == about]
    return found[0] if found else ""
