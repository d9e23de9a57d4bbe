"""The conditions of an EvalRun in each of its situations. Pure.

Every pass states all thirteen, so a condition is never left over from an earlier situation. Exactly
one of Finished=False, Complete=True and Failed=True holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kompass_api.conditions import Claim, Condition, ConditionStatus, ConditionType, Reason
from kompass_api.status import EvalRunStatus
from kompass_operator.names import Stage

_TRUE, _FALSE, _UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
_T = ConditionType
_SUSPENSIONS = frozenset({Reason.USER_SUSPENDED, Reason.EVICTED, Reason.RESUMED})
_LONG, _SHORT = 1024, 256
"""Characters of a message, where it is told and where it is repeated."""
_NOT_ACCEPTED = frozenset({Reason.SECRET_MISSING, Reason.STORAGE_DENIED})
"""What a run lacks in its namespace, though its document is frozen: it cannot work as it is."""
_SHARDS_DONE = Claim(
    type=_T.SHARDS_SUCCEEDED,
    status=_TRUE,
    reason=Reason.ALL_SHARDS_SUCCEEDED,
    message="every shard has written its manifest",
)
_NO_SHARD_NEEDED = Claim(
    type=_T.SHARDS_SUCCEEDED,
    status=_TRUE,
    reason=Reason.RESULTS_REUSED,
    message="finished results of the same content were found: no shard was started",
)


@dataclass(frozen=True)
class Admission:
    """What queue and quota say."""

    status: ConditionStatus = ConditionStatus.TRUE
    reason: Reason = Reason.NO_QUEUE
    message: str = ""
    needs_a_person: bool = False
    """Waiting alone does not help."""
    evicted: bool = False
    """Jobs that ran were stopped by their queue, and none runs."""

    @property
    def claim(self) -> Claim:
        """The condition."""
        return Claim(type=_T.ADMITTED, status=self.status, reason=self.reason, message=self.message)


@dataclass(frozen=True)
class Activity:
    """What an unfinished run is doing: `moving` says whether it gets on."""

    reason: Reason
    message: str
    moving: bool = True
    suspended: bool = False
    shards_done: bool = False
    stalled: Reason | None = None
    """Why it waits for a person, if it does."""
    admission: Admission = Admission()
    warning: str = ""
    """What the run's author should know although it was accepted."""
    gap: str = ""
    """What is missing from the results and answered again."""


@dataclass(frozen=True)
class Ending:
    """Why a run failed, and in which stage."""

    reason: Reason
    message: str
    stage: Stage | None = None


def held(status: EvalRunStatus, wanted: ConditionType) -> Condition | None:
    """The condition of this type, if it was ever set."""
    return next((found for found in status.conditions if found.type == wanted), None)


def holds(status: EvalRunStatus, wanted: ConditionType) -> bool:
    """Whether the condition is True."""
    found = held(status, wanted)
    return found is not None and found.status is ConditionStatus.TRUE


def when_waiting(reason: Reason, message: str) -> list[Claim]:
    """A run that names something that does not exist yet."""
    return [
        Claim(type=_T.ACCEPTED, status=_FALSE, reason=reason, message=message),
        Claim(type=_T.ADMITTED, status=_UNKNOWN, reason=Reason.WAITING_FOR_REFERENCES),
        *_unfinished(Activity(Reason.WAITING_FOR_REFERENCES, message, moving=False)),
        Claim(type=_T.SUSPENDED, status=_FALSE, reason=Reason.NOT_SUSPENDED),
    ]


def when_active(activity: Activity, before: EvalRunStatus) -> list[Claim]:
    """A run that was accepted and has not finished."""
    found = "what the run names was found and frozen"
    accepted = Claim(
        type=_T.ACCEPTED,
        status=_TRUE,
        reason=Reason.ACCEPTED,
        message=f"{found}; {activity.warning}" if activity.warning else found,
    )
    refused = activity.reason in _NOT_ACCEPTED
    return [
        _not_accepted(activity.reason, activity.message) if refused else accepted,
        activity.admission.claim,
        *_unfinished(activity),
        _suspended(activity, before),
    ]


def when_failed(ending: Ending, before: EvalRunStatus, *, accepted: bool) -> list[Claim]:
    """A run that was given up; a report of what it has answered may be in its status."""
    reason = ending.reason

    def claim(about: ConditionType, status: ConditionStatus, length: int = _SHORT) -> Claim:
        return Claim(type=about, status=status, reason=reason, message=ending.message[:length])

    return [
        Claim(type=_T.ACCEPTED, status=_TRUE, reason=Reason.ACCEPTED)
        if accepted and reason not in _NOT_ACCEPTED
        else _not_accepted(reason, ending.message),
        claim(_T.ADMITTED, _FALSE)
        if reason is Reason.WORKLOAD_DEACTIVATED
        else _admission_of_ended(before),
        claim(_T.PROGRESSING, _FALSE),
        Claim(type=_T.SUSPENDED, status=_FALSE, reason=Reason.NOT_SUSPENDED),
        _shards_of_failed(ending, before),
        _results_of_failed(ending, before),
        claim(_T.SUCCEEDED, _FALSE, _LONG),
        claim(_T.COMPLETE, _FALSE),
        claim(_T.FAILED, _TRUE, _LONG),
        claim(_T.FINISHED, _TRUE),
        claim(_T.READY, _FALSE),
        claim(_T.RECONCILING, _FALSE),
        claim(_T.STALLED, _TRUE),
    ]


def when_beginning_again(message: str) -> list[Claim]:
    """A finished run that was asked for again."""
    return [
        Claim(type=_T.ACCEPTED, status=_UNKNOWN, reason=Reason.PENDING, message=message),
        Claim(type=_T.ADMITTED, status=_UNKNOWN, reason=Reason.PENDING),
        *_unfinished(Activity(Reason.PENDING, message)),
        Claim(type=_T.SUSPENDED, status=_FALSE, reason=Reason.NOT_SUSPENDED),
    ]


def when_complete(before: EvalRunStatus) -> list[Claim]:
    """A run whose report exists, as its status says."""
    results = before.results
    where = results.uri if results is not None else ""
    reused = results.reused_from if results is not None else None
    message = f"the report lies at {where}"
    if reused is not None:
        message = f"run {reused.name} ({reused.uid}) measured the same before: its report, {where}"
    states: Mapping[ConditionType, ConditionStatus] = {
        _T.PROGRESSING: _FALSE,
        _T.SUCCEEDED: _TRUE,
        _T.COMPLETE: _TRUE,
        _T.FAILED: _FALSE,
        _T.FINISHED: _TRUE,
        _T.READY: _TRUE,
        _T.RECONCILING: _FALSE,
        _T.STALLED: _FALSE,
    }
    return [
        Claim(type=_T.ACCEPTED, status=_TRUE, reason=Reason.ACCEPTED),
        _admission_of_ended(before),
        Claim(type=_T.SUSPENDED, status=_FALSE, reason=Reason.NOT_SUSPENDED),
        _SHARDS_DONE if reused is None else _NO_SHARD_NEEDED,
        Claim(
            type=_T.RESULTS_AVAILABLE,
            status=_TRUE,
            reason=Reason.REPORT_PUBLISHED if reused is None else Reason.RESULTS_REUSED,
            message=message,
        ),
        *(
            Claim(type=about, status=status, reason=Reason.EVALUATION_SUCCEEDED, message=message)
            for about, status in states.items()
        ),
    ]


def _unfinished(activity: Activity) -> list[Claim]:
    def claim(about: ConditionType, status: ConditionStatus, message: str = "") -> Claim:
        return Claim(type=about, status=status, reason=activity.reason, message=message)

    return [
        claim(_T.PROGRESSING, _TRUE if activity.moving else _FALSE, activity.message),
        _shards_of_active(activity),
        Claim(type=_T.RESULTS_AVAILABLE, status=_FALSE, reason=Reason.SUMMARIZER_PENDING),
        claim(_T.SUCCEEDED, _UNKNOWN),
        claim(_T.COMPLETE, _FALSE),
        claim(_T.FAILED, _FALSE),
        claim(_T.FINISHED, _FALSE),
        claim(_T.READY, _FALSE, activity.message),
        claim(_T.RECONCILING, _FALSE if activity.stalled else _TRUE, activity.message),
        claim(_T.STALLED, _FALSE)
        if activity.stalled is None
        else Claim(
            type=_T.STALLED, status=_TRUE, reason=activity.stalled, message=activity.message
        ),
    ]


def _shards_of_active(activity: Activity) -> Claim:
    if activity.gap:
        return Claim(
            type=_T.SHARDS_SUCCEEDED,
            status=_FALSE,
            reason=Reason.MISSING_SAMPLES,
            message=activity.gap,
        )
    if activity.shards_done:
        return _SHARDS_DONE
    return Claim(type=_T.SHARDS_SUCCEEDED, status=_UNKNOWN, reason=activity.reason)


def _not_accepted(reason: Reason, message: str) -> Claim:
    return Claim(type=_T.ACCEPTED, status=_FALSE, reason=reason, message=message[:_LONG])


def _results_of_failed(ending: Ending, before: EvalRunStatus) -> Claim:
    if before.results is not None:
        reason = Reason.REPORT_PUBLISHED
        if before.results.partial:
            reason = Reason.PARTIAL_REPORT_PUBLISHED
        return Claim(type=_T.RESULTS_AVAILABLE, status=_TRUE, reason=reason, message=_told(before))
    failed = ending.stage is Stage.SUMMARIZE or before.given_up is not None
    return Claim(
        type=_T.RESULTS_AVAILABLE,
        status=_FALSE,
        reason=Reason.SUMMARIZER_FAILED if failed else Reason.SUMMARIZER_PENDING,
        message="there is no report",
    )


def _suspended(activity: Activity, before: EvalRunStatus) -> Claim:
    if activity.suspended:
        return Claim(
            type=_T.SUSPENDED,
            status=_TRUE,
            reason=Reason.USER_SUSPENDED,
            message="spec.execution.suspend is true; false goes on from the last checkpoint",
        )
    if activity.admission.evicted:
        return Claim(
            type=_T.SUSPENDED,
            status=_TRUE,
            reason=Reason.EVICTED,
            message=f"{activity.admission.message}; what is committed is kept",
        )
    last = held(before, _T.SUSPENDED)
    was_suspended = last is not None and last.reason in _SUSPENSIONS
    return Claim(
        type=_T.SUSPENDED,
        status=_FALSE,
        reason=Reason.RESUMED if was_suspended else Reason.NOT_SUSPENDED,
    )


def _admission_of_ended(before: EvalRunStatus) -> Claim:
    """What was said last: an end changes nothing about it."""
    last = held(before, _T.ADMITTED)
    if last is None:
        return Claim(type=_T.ADMITTED, status=_UNKNOWN, reason=Reason.PENDING)
    return Claim(
        type=_T.ADMITTED, status=last.status, reason=Reason(last.reason), message=last.message
    )


def _told(status: EvalRunStatus) -> str:
    """How much of the run is in its report, and what is not."""
    items, results = status.items, status.results
    where = results.uri if results is not None else ""
    named = f": {', '.join(results.missing)}" if results is not None and results.missing else ""
    return (
        f"the report at {where} has {items.answered} of {items.planned} planned items; "
        f"{items.missing} are missing{named}"
    )[:_LONG]


def _shards_of_failed(ending: Ending, before: EvalRunStatus) -> Claim:
    gap = ending.reason is Reason.INCOMPLETE_RESULTS
    if holds(before, _T.SHARDS_SUCCEEDED) and not gap:
        return _SHARDS_DONE
    of_stage = Reason.SHARDS_FAILED if ending.stage is Stage.SHARD else ending.reason
    return Claim(
        type=_T.SHARDS_SUCCEEDED,
        status=_FALSE,
        reason=Reason.MISSING_SAMPLES if gap else of_stage,
        message=ending.message[:_SHORT],
    )
