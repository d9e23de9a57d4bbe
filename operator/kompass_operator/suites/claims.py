"""The conditions of an EvalSuite in each of its situations, in kstatus' words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kompass_api.conditions import Claim, ConditionStatus, ConditionType, Reason, dated
from kompass_api.evalsuite import EvalSuite, EvalSuiteStatus
from kompass_api.resolution import Problem
from kompass_operator.suites.facts import RunFacts

_TRUE, _FALSE = ConditionStatus.TRUE, ConditionStatus.FALSE
_NAMED: Final = 5
"""Runs that a message names."""


def of_runs(suite: EvalSuite, newest: Sequence[RunFacts], *, wanted: int) -> list[Claim]:
    """A suite that measures when its content changes."""
    if suite.spec.suspend and len(newest) < wanted:
        message = f"suspended: {wanted - len(newest)} of {wanted} runs are not made"
        return _claims(Reason.USER_SUSPENDED, message)
    failed = [run for run in newest if run.failed]
    if failed:
        return _claims(Reason.RUNS_FAILED, _told(failed), stalled=True)
    ready = sum(run.is_ready for run in newest)
    message = f"{ready} of {wanted} runs are complete"
    if ready == wanted:
        return _claims(Reason.RUNS_SUCCEEDED, message, ready=True)
    return _claims(Reason.RUNS_ACTIVE, message, reconciling=True)


def of_schedule(
    suite: EvalSuite, newest: Sequence[RunFacts], *, next_time: datetime
) -> list[Claim]:
    """A suite that measures by the clock: ready as long as its newest runs do not fail."""
    failed = [run for run in newest if run.failed]
    if failed:
        return _claims(Reason.RUNS_FAILED, _told(failed), stalled=True)
    if suite.spec.suspend:
        return _claims(Reason.USER_SUSPENDED, "suspended: no run is made by the clock")
    active = sum(not run.is_finished for run in newest)
    said = f"{active} runs are under way; " if active else ""
    return _claims(Reason.SCHEDULED, f"{said}next at {next_time:%Y-%m-%d %H:%M} UTC", ready=True)


def of_problems(problems: Sequence[Problem]) -> list[Claim]:
    """A suite that names what does not exist, or asks for what cannot be."""
    ordered = sorted(problems, key=lambda problem: problem.may_pass)
    message = "; ".join(problem.message for problem in ordered)
    lasting = not ordered[0].may_pass
    return _claims(ordered[0].reason, message, stalled=lasting, reconciling=not lasting)


def of_collision(names: Sequence[str]) -> list[Claim]:
    """A suite whose run's name somebody else's run has."""
    shown = ", ".join(names[:_NAMED])
    message = f"EvalRun {shown} exists and is not this suite's: delete it, or rename the suite"
    return _claims(Reason.NAME_COLLISION, message, stalled=True)


def stated(
    suite: EvalSuite, status: EvalSuiteStatus, found: Sequence[Claim], now: datetime
) -> EvalSuiteStatus:
    """The status with these conditions, which keep their times where they can."""
    generation = suite.metadata.generation
    suspended = Claim(
        type=ConditionType.SUSPENDED,
        status=_TRUE if suite.spec.suspend else _FALSE,
        reason=Reason.USER_SUSPENDED if suite.spec.suspend else Reason.NOT_SUSPENDED,
        message="spec.suspend is true: no run is made" if suite.spec.suspend else "",
    )
    conditions = dated([*found, suspended], status.conditions, generation=generation, now=now)
    return status.model_copy(update={"observed_generation": generation, "conditions": conditions})


def _claims(
    reason: Reason,
    message: str,
    *,
    ready: bool = False,
    reconciling: bool = False,
    stalled: bool = False,
) -> list[Claim]:
    states = {
        ConditionType.READY: ready,
        ConditionType.RECONCILING: reconciling,
        ConditionType.STALLED: stalled,
    }
    return [
        Claim(type=about, status=_TRUE if holds else _FALSE, reason=reason, message=message)
        for about, holds in states.items()
    ]


def _told(failed: Sequence[RunFacts]) -> str:
    shown = "; ".join(f"{run.name}: {run.trouble or 'failed'}" for run in failed[:_NAMED])
    more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f"{shown}{more}"
