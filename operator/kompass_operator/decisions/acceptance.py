"""Whether a run can work at all: freeze its document, wait for what is missing, or refuse. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from kompass_api.evalrun import EvalRun
from kompass_api.resolution import Problem, resolve
from kompass_api.rundocument import ResolvedStorage, RunDocument
from kompass_operator.conditions import Ending
from kompass_operator.observed import Observed
from kompass_operator.settings import Settings


def resolved(run: EvalRun, seen: Observed, settings: Settings) -> RunDocument | list[Problem]:
    """The run document, or every problem that was found."""
    if seen.broken:
        return list(seen.broken)
    return resolve(run, seen.surroundings, storage_of(run, settings))


def storage_of(run: EvalRun, settings: Settings) -> ResolvedStorage | None:
    """The folder of this run's objects."""
    storage = run.spec.storage or settings.storage
    if storage is None:
        return None
    meta = run.metadata
    folder = f"{storage.uri.rstrip('/')}/{meta.namespace}/{meta.name}/{meta.uid}"
    return ResolvedStorage(uri=folder, s3=storage.s3)


def waits_until(run: EvalRun, problems: list[Problem], settings: Settings) -> datetime | None:
    """Until when the problems may pass; None where waiting does not help."""
    if not all(problem.may_pass for problem in problems):
        return None
    return created_at(run) + timedelta(seconds=settings.reference_grace_seconds)


def refusal(problems: list[Problem]) -> Ending:
    """Why the run ends before it began: what cannot pass first."""
    ordered = sorted(problems, key=lambda problem: problem.may_pass)
    return Ending(ordered[0].reason, described(ordered))


def described(problems: list[Problem]) -> str:
    """All problems in one line."""
    return "; ".join(problem.message for problem in problems)


def created_at(run: EvalRun) -> datetime:
    """When the run was applied."""
    stamp = run.metadata.creation_timestamp
    if stamp is None:
        message = f"EvalRun {run.metadata.name} has no creationTimestamp: the API server sets it"
        raise ValueError(message)
    return datetime.fromisoformat(stamp)
