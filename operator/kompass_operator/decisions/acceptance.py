"""Whether a run can work at all: freeze its document, wait for what is missing, or refuse. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import ConditionType, Reason
from kompass_api.evalrun import EvalRun
from kompass_api.resolution import Problem, resolve
from kompass_api.rundocument import INDEX_FOLDER, ResolvedStorage, RunDocument
from kompass_api.status import EvalRunStatus
from kompass_operator.conditions import Ending, held
from kompass_operator.decisions.reach import network_problems
from kompass_operator.observed import Observed
from kompass_operator.policies.verdicts import problems as policy_problems
from kompass_operator.settings import Settings

MAX_DOCUMENT_BYTES: Final = 1_000_000
"""What a ConfigMap holds is 1 MiB, metadata included."""


def resolved(run: EvalRun, seen: Observed, settings: Settings) -> RunDocument | list[Problem]:
    """The run document, or every problem that was found."""
    if seen.broken:
        return list(seen.broken)
    found = _document(run, seen, settings)
    if not isinstance(found, RunDocument):
        return found
    in_the_way = [
        *_too_large(found),
        *policy_problems(run, found, seen.policy),
        *network_problems(run, found, settings),
    ]
    return in_the_way or found


def _too_large(document: RunDocument) -> list[Problem]:
    size = len(document.encoded().encode())
    if size <= MAX_DOCUMENT_BYTES:
        return []
    message = (
        f"the run and the Benchmarks and ModelEndpoints that it names make a document of {size} "
        f"bytes, and a ConfigMap holds {MAX_DOCUMENT_BYTES}: cut it into several runs"
    )
    return [Problem(Reason.INVALID_SPEC, message, may_pass=False)]


def _document(run: EvalRun, seen: Observed, settings: Settings) -> RunDocument | list[Problem]:
    storage = run.spec.storage or settings.storage
    if storage is None:
        return resolve(run, seen.surroundings, None)
    home = f"{storage.uri.rstrip('/')}/{run.metadata.namespace}"
    folder = f"{home}/{run.metadata.name}/{folder_name(run, seen.status.attempt)}"
    return resolve(
        run,
        seen.surroundings,
        ResolvedStorage(uri=folder, s3=storage.s3),
        index_uri=f"{home}/{INDEX_FOLDER}",
        attempt=seen.status.attempt,
    )


def folder_name(run: EvalRun, attempt: int) -> str:
    """The run's own folder, below its name: an attempt never touches an earlier one's."""
    return run.metadata.uid if attempt == 1 else f"{run.metadata.uid}-{attempt}"


def waits_until(
    run: EvalRun, status: EvalRunStatus, problems: list[Problem], settings: Settings
) -> datetime | None:
    """Until when the problems may pass; None where waiting does not help, or has no limit."""
    lasting = any(not problem.may_pass for problem in problems)
    if lasting or all(problem.is_underway for problem in problems):
        return None
    return _began_at(run, status) + timedelta(seconds=settings.reference_grace_seconds)


def refusal(problems: list[Problem]) -> Ending:
    """Why the run ends before it began: what cannot pass first."""
    ordered = sorted(problems, key=lambda problem: problem.may_pass)
    return Ending(ordered[0].reason, described(ordered))


def described(problems: list[Problem]) -> str:
    """All problems in one line."""
    return "; ".join(problem.message for problem in problems)


def _began_at(run: EvalRun, status: EvalRunStatus) -> datetime:
    finished = held(status, ConditionType.FINISHED)
    if status.attempt == 1 or finished is None:
        return created_at(run)
    return datetime.fromisoformat(finished.last_transition_time)


def created_at(run: EvalRun) -> datetime:
    """When the run was applied."""
    stamp = run.metadata.creation_timestamp
    if stamp is None:
        message = f"EvalRun {run.metadata.name} has no creationTimestamp: the API server sets it"
        raise ValueError(message)
    return datetime.fromisoformat(stamp)
