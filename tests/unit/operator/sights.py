"""What `plan` may see, built by hand: runs, Jobs and pods as facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from unit.operator.world import DIGEST, START, endpoint_manifest, run_manifest, settings

from kompass_api.evalrun import EvalRun
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.outcomes import PlanOutcome, TerminationMessage
from kompass_api.resolution import Surroundings
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus, PlannedModel
from kompass_operator.actions import Decision
from kompass_operator.decisions import plan
from kompass_operator.decisions.acceptance import resolved
from kompass_operator.names import Stage, job_name
from kompass_operator.observed import JobFacts, JobState, Observed, PodFacts, PodReading
from kompass_operator.settings import Settings

NOW = START + timedelta(seconds=100)
UID = "11111111-2222-3333-4444-555555555555"
SETTINGS = settings()


def a_run(**spec: Any) -> EvalRun:
    """A run that was applied at START."""
    manifest = run_manifest(**spec)
    manifest["metadata"] |= {
        "uid": UID,
        "generation": 1,
        "creationTimestamp": START.isoformat(),
    }
    return EvalRun.model_validate(manifest)


def around() -> Surroundings:
    """A namespace with the endpoint that the run names."""
    endpoint = ModelEndpoint.model_validate(endpoint_manifest())
    return Surroundings(endpoints={"m": endpoint}, benchmarks={})


def document_of(run: EvalRun) -> RunDocument:
    """The run's document."""
    found = resolved(run, Observed(surroundings=around()), SETTINGS)
    assert isinstance(found, RunDocument)
    return found


def accepted_status(run: EvalRun, shards: int = 0) -> EvalRunStatus:
    """The status of a run that was accepted at START, with a plan if there are shards."""
    status = plan(run, Observed(surroundings=around()), START, SETTINGS).status
    if not shards:
        return status
    models = [PlannedModel(name="m", shards=shards)]
    return status.model_copy(update={"models": models, "plan_digest": DIGEST})


def a_job(run: EvalRun, stage: Stage, shard: int | None = None, **facts: Any) -> JobFacts:
    """A Job of the run, created at START."""
    name = job_name(run.metadata, stage, shard)
    job = JobFacts(name=name, uid=f"uid of {name}", stage=stage, shard=shard, created=START)
    return replace(job, **facts)


def shards_of(run: EvalRun, *states: str) -> list[JobFacts]:
    """Shard Jobs by a letter each: o(pen), u(p), c(omplete), d(eleting), q(ueued), - (none)."""
    facts: dict[str, dict[str, object]] = {
        "o": {},
        "u": {"active": 1, "ready": 1},
        "c": {"state": JobState.COMPLETE},
        "d": {"deleting": True},
        "q": {"suspended": True},
    }
    return [
        a_job(run, Stage.SHARD, index, **facts[state])
        for index, state in enumerate(states)
        if state != "-"
    ]


def seen(run: EvalRun, status: EvalRunStatus, *jobs: JobFacts, **more: Any) -> Observed:
    """An accepted run with these Jobs."""
    sight = Observed(
        status=status,
        jobs={job.name: job for job in jobs},
        document=document_of(run),
        surroundings=around(),
    )
    return replace(sight, **more)


def reading(job: JobFacts, *pods: PodFacts, at: datetime = NOW) -> dict[str, PodReading]:
    """The pods of a Job, as they were just read."""
    return {job.name: PodReading(at=at, failed=job.failed, state=job.state, pods=pods)}


def plan_pod(shards: int) -> PodFacts:
    """A plan pod that ended well."""
    outcome = PlanOutcome(models=[PlannedModel(name="m", shards=shards)], items=7, digest=DIGEST)
    said = TerminationMessage(plan=outcome)
    return PodFacts(name="plan-pod", phase="Succeeded", exit_code=0, said=said)


def decided(
    run: EvalRun, sight: Observed, now: datetime = NOW, with_settings: Settings = SETTINGS
) -> Decision:
    """What `plan` says."""
    return plan(run, sight, now, with_settings)


def verdict(decision: Decision, wanted: str) -> tuple[str, str]:
    """Status and reason of a condition."""
    held = next(one for one in decision.status.conditions if one.type == wanted)
    return held.status.value, held.reason
