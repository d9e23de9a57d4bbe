"""Jobs and pods as JSON, read into small facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import ValidationError

from kompass_api.outcomes import TerminationMessage
from kompass_operator.manifests.owners import owner_uid
from kompass_operator.manifests.pods import CONTAINER
from kompass_operator.names import (
    AVOID_ANNOTATION,
    REPAIR_LABEL,
    RUN_UID_LABEL,
    SHARD_LABEL,
    STAGE_LABEL,
    STRUCK_ANNOTATION,
    TURN_LABEL,
    Stage,
)
from kompass_operator.observed import JobFacts, JobState, PodFacts
from kompass_operator.queueing.facts import QUEUE_LABEL
from kompass_operator.views import Json, version_of


def job_facts(job: Json) -> JobFacts:
    """What matters of a Job with our labels."""
    meta, status = job["metadata"], job.get("status") or {}
    labels, notes = meta["labels"], meta.get("annotations") or {}
    state, verdict = _state(status)
    uncounted = status.get("uncountedTerminatedPods") or {}
    return JobFacts(
        name=meta["name"],
        uid=meta["uid"],
        stage=Stage(labels[STAGE_LABEL]),
        shard=int(labels[SHARD_LABEL]) if SHARD_LABEL in labels else None,
        turn=int(labels.get(TURN_LABEL, 0)),
        struck=int(notes.get(STRUCK_ANNOTATION, 0)),
        repair=int(labels.get(REPAIR_LABEL, 0)),
        avoided=tuple(node for node in notes.get(AVOID_ANNOTATION, "").split(",") if node),
        version=version_of(job),
        created=datetime.fromisoformat(meta["creationTimestamp"]),
        state=state,
        reason=verdict.get("reason", ""),
        message=verdict.get("message", ""),
        ended=_time(verdict.get("lastTransitionTime")),
        started=_time(status.get("startTime")),
        active=status.get("active", 0),
        ready=status.get("ready", 0),
        failed=status.get("failed", 0),
        pod_ended=bool(status.get("succeeded") or any(uncounted.values())),
        terminating=status.get("terminating") or 0,
        queue=labels.get(QUEUE_LABEL, ""),
        suspended=bool((job.get("spec") or {}).get("suspend")),
        gpus=_extended_resources(job.get("spec") or {}),
        deleting="deletionTimestamp" in meta,
        deleted=_time(meta.get("deletionTimestamp")),
        owned=owner_uid(job) == labels.get(RUN_UID_LABEL, ""),
    )


def pod_facts(pod: Json) -> PodFacts:
    """What matters of a pod of one of our Jobs."""
    meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    state = _container_state(status)
    ended = state.get("terminated") or {}
    held = ended or state.get("waiting") or {}
    scheduled = _condition(status, "PodScheduled")
    said, last_words = _said(ended.get("message", ""))
    return PodFacts(
        name=meta["name"],
        node=spec.get("nodeName", ""),
        phase=status.get("phase", "Pending"),
        created=_time(meta.get("creationTimestamp")),
        scheduled=_time(scheduled.get("lastTransitionTime"))
        if scheduled.get("status") == "True"
        else None,
        ended=_time(ended.get("finishedAt")),
        exit_code=ended.get("exitCode"),
        container_reason=held.get("reason", ""),
        container_message="" if ended and said is not None else held.get("message", ""),
        unschedulable=scheduled.get("message", "")
        if scheduled.get("reason") == "Unschedulable"
        else "",
        pod_reason=status.get("reason", ""),
        pod_message=status.get("message", ""),
        disrupted=_condition(status, "DisruptionTarget").get("status") == "True",
        memory_limit=_memory_limit(spec),
        said=said,
        last_words=last_words,
        deleting=_time(meta.get("deletionTimestamp")),
    )


def newest_last(pods: Iterable[PodFacts]) -> tuple[PodFacts, ...]:
    """Pods in the order of their creation."""
    dated = [(pod.created.isoformat() if pod.created is not None else "", pod) for pod in pods]
    return tuple(pod for _, pod in sorted(dated, key=lambda one: (one[0], one[1].name)))


def _extended_resources(spec: Json) -> int:
    """What Kubernetes counts by name, such as nvidia.com/gpu: those names have a slash."""
    pod = (spec.get("template") or {}).get("spec") or {}
    limits = [
        (held.get("resources") or {}).get("limits") or {} for held in pod.get("containers") or []
    ]
    each = sum(int(count) for held in limits for name, count in held.items() if "/" in name)
    return each * int(spec.get("parallelism", 1))


def _state(status: Json) -> tuple[JobState, Json]:
    for wanted, state in (("Complete", JobState.COMPLETE), ("Failed", JobState.FAILED)):
        found = _condition(status, wanted)
        if found.get("status") == "True":
            return state, found
    return JobState.UNFINISHED, {}


def _condition(status: Json, wanted: str) -> Json:
    conditions = status.get("conditions") or []
    return next((held for held in conditions if held["type"] == wanted), {})


def _container_state(status: Json) -> Json:
    containers = status.get("containerStatuses") or []
    states = [held.get("state") or {} for held in containers if held["name"] == CONTAINER]
    return states[0] if states else {}


def _memory_limit(spec: Json) -> str:
    containers = [held for held in spec.get("containers") or [] if held["name"] == CONTAINER]
    resources = (containers[0].get("resources") or {}) if containers else {}
    return str((resources.get("limits") or {}).get("memory", ""))


def _said(text: str) -> tuple[TerminationMessage | None, str]:
    """The worker's message, or the text itself where it is none (the end of a log)."""
    try:
        return TerminationMessage.model_validate_json(text), ""
    except ValidationError:
        lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
        return None, " | ".join(lines[-5:])


def _time(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None
