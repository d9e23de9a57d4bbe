"""The Job of a stage: how often it is tried, for how long, and which ends are final. Pure."""

from __future__ import annotations

from typing import Final

from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import ENDS_JOB, ExitCode
from kompass_api.podoverlay import PodMarks, PodOverlay
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_operator.actions import CreateJob
from kompass_operator.cluster import Manifest
from kompass_operator.manifests.nodes import away_from
from kompass_operator.manifests.overlays import placement_fields, pod_metadata
from kompass_operator.manifests.owners import owner_reference
from kompass_operator.manifests.pods import (
    CONTAINER,
    DOCUMENT_FOLDER,
    endpoint_for,
    gpu_of,
    pod_spec,
)
from kompass_operator.names import (
    AVOID_ANNOTATION,
    REPAIR_LABEL,
    RUN_UID_LABEL,
    STAGE_LABEL,
    STRUCK_ANNOTATION,
    TURN_LABEL,
    Stage,
    document_name,
    job_name,
    labels,
)
from kompass_operator.settings import Settings

KUEUE_QUEUE: Final = "kueue.x-k8s.io/queue-name"
KUEUE_PRIORITY: Final = "kueue.x-k8s.io/priority-class"
SMALL_ATTEMPTS: Final = 3
"""Attempts of a plan or summary, which need no GPU and keep what the shards did."""


def job(run: EvalRun, document: RunDocument, wanted: CreateJob, settings: Settings) -> Manifest:
    """The Job of a stage, or of one shard."""
    meta = run.metadata
    own = labels(meta, wanted.stage, wanted.shard)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(
                meta, wanted.stage, wanted.shard, attempt=document.attempt, turn=wanted.turn
            ),
            "namespace": meta.namespace,
            "labels": {**own, **_turn_labels(wanted), **_queue_labels(run)},
            "annotations": _turn_notes(wanted),
            "ownerReferences": [owner_reference(meta)],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": _retries(run, wanted.stage),
            # A replacement starts when its predecessor is gone: never two writers.
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _failure_rules()},
            **_deadline(run, wanted.stage),
            "template": _template(run, document, wanted, settings),
        },
    }


def _template(
    run: EvalRun, document: RunDocument, wanted: CreateJob, settings: Settings
) -> Manifest:
    meta, execution = run.metadata, run.spec.execution
    endpoint = endpoint_for(document, wanted.stage, wanted.model)
    marks: list[PodMarks | PodOverlay] = [execution.pod]
    if endpoint is not None:
        marks.append(endpoint.pod)
    spec = {
        **pod_spec(
            document,
            document_name(meta, document.attempt),
            settings,
            arguments=_arguments(run, wanted),
            stage=wanted.stage,
            model=wanted.model,
        ),
        **placement_fields(
            endpoint.placement if endpoint is not None else execution.placement,
            gpu_of(endpoint) if endpoint is not None else None,
            _siblings(run, wanted.stage),
        ),
    }
    return {
        "metadata": pod_metadata(labels(meta, wanted.stage, wanted.shard), *marks),
        "spec": away_from(wanted.avoid, spec),
    }


def _siblings(run: EvalRun, stage: Stage) -> dict[str, str]:
    """Labels that the pods of one stage share: what is spread over places."""
    own = labels(run.metadata, stage)
    return {key: own[key] for key in (RUN_UID_LABEL, STAGE_LABEL)}


def _retries(run: EvalRun, stage: Stage) -> int:
    """Failed pods of a Job beside the last one.

    A shard's Job counts both budgets together; the operator tells them apart by the pods' ends.
    """
    retry = run.spec.retry
    if stage is not Stage.SHARD:
        return SMALL_ATTEMPTS - 1
    return retry.max_attempts_per_shard - 1 + retry.max_infra_restarts_per_shard


def _arguments(run: EvalRun, wanted: CreateJob) -> list[str]:
    document = ["--run-document", f"{DOCUMENT_FOLDER}/{RUN_DOCUMENT_KEY}"]
    if wanted.stage is Stage.PARTIAL:
        return [Stage.SUMMARIZE.value, "--partial", *document]
    if wanted.shard is None:
        return [wanted.stage.value, *document]
    restarts = str(run.spec.retry.max_infra_restarts_per_shard)
    repair = ["--repair", str(wanted.repair)] if wanted.repair else []
    index = ["--index", str(wanted.shard), "--max-restarts", restarts, *repair]
    return [wanted.stage.value, *index, *document]


def _turn_labels(wanted: CreateJob) -> dict[str, str]:
    numbers = {TURN_LABEL: wanted.turn, REPAIR_LABEL: wanted.repair}
    return {label: str(number) for label, number in numbers.items() if number}


def _turn_notes(wanted: CreateJob) -> dict[str, str]:
    notes = {
        STRUCK_ANNOTATION: str(wanted.struck) if wanted.struck else "",
        AVOID_ANNOTATION: ",".join(wanted.avoid),
    }
    return {key: value for key, value in notes.items() if value}


def _failure_rules() -> list[Manifest]:
    """What an end means: a drain or a checkpointed stop costs no attempt, some are final."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        _on_exit("Ignore", [ExitCode.STOPPED]),
        _on_exit("FailJob", sorted(ENDS_JOB)),
    ]


def _on_exit(action: str, codes: list[ExitCode]) -> Manifest:
    return {
        "action": action,
        "onExitCodes": {
            "containerName": CONTAINER,
            "operator": "In",
            "values": [int(code) for code in codes],
        },
    }


def _deadline(run: EvalRun, stage: Stage) -> Manifest:
    seconds = run.spec.execution.shard_deadline_seconds
    if stage is not Stage.SHARD or seconds is None:
        return {}
    return {"activeDeadlineSeconds": seconds}


def _queue_labels(run: EvalRun) -> dict[str, str]:
    queue = run.spec.execution.queue
    if queue is None:
        return {}
    priority = {KUEUE_PRIORITY: queue.priority_class} if queue.priority_class else {}
    return {KUEUE_QUEUE: queue.name, **priority}
