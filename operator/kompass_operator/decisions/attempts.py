"""A finished run that is asked for again: `spec.rerunToken` has another value. Pure.

The token that an attempt answers is frozen in its run document. One that changes while the run is
under way waits for its end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kompass_api.conditions import ConditionType
from kompass_api.evalrun import EvalRun
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus, PastAttempt
from kompass_operator.conditions import held, when_beginning_again
from kompass_operator.decisions.gating import with_gates
from kompass_operator.observed import Observed
from kompass_operator.status import Phase, with_claims

KEPT: Final = 5
"""Earlier attempts that a status holds."""


def is_asked_again(run: EvalRun, seen: Observed) -> bool:
    """Whether the next attempt begins: the last one's Jobs have to be stopped first."""
    at_work = any(job.is_open and not job.deleting for job in seen.jobs.values())
    return run.spec.rerun_token != seen.status.rerun_token and not at_work


def next_attempt(run: EvalRun, status: EvalRunStatus, now: datetime) -> EvalRunStatus:
    """The status of an attempt that has not been accepted; the last one goes to the history."""
    token = run.spec.rerun_token
    fresh = EvalRunStatus(
        attempt=status.attempt + 1,
        rerun_token=token,
        history=[_past(status), *status.history][:KEPT],
        conditions=status.conditions,
    )
    wish = f"spec.rerunToken is {token}" if token else "spec.rerunToken was removed"
    again = when_beginning_again(f"attempt {fresh.attempt} begins, because {wish}")
    claims = with_gates(run, fresh, again)
    return with_claims(fresh, Phase.PENDING, claims, generation=run.metadata.generation, now=now)


def for_token(status: EvalRunStatus, token: str | None) -> EvalRunStatus:
    """The status of an attempt that answers this token."""
    return status.model_copy(update={"rerun_token": token})


def documented(status: EvalRunStatus, document: RunDocument | None) -> EvalRunStatus:
    """The status with what the run document says of hash and token; an old one says nothing."""
    index = document.index if document is not None else None
    if index is None:
        return status
    return for_token(status, index.rerun_token).model_copy(update={"run_hash": index.run_hash})


def _past(status: EvalRunStatus) -> PastAttempt:
    verdict = held(status, ConditionType.SUCCEEDED)
    return PastAttempt(
        attempt=status.attempt,
        rerun_token=status.rerun_token,
        outcome=status.phase,
        reason=verdict.reason if verdict is not None else "",
        score=status.score,
        results_uri=status.results.uri if status.results is not None else "",
        start_time=status.start_time,
        completion_time=status.completion_time,
    )
