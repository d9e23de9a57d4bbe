"""The Job of a stage: how often it is tried, for how long, and which ends are final. Pure."""

from __future__ import annotations

from typing import Final

from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import CANNOT_WORK, ExitCode
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_operator.actions import CreateJob
from kompass_operator.cluster import Manifest
from kompass_operator.manifests.owners import owner_reference
from kompass_operator.manifests.pods import CONTAINER, DOCUMENT_FOLDER, pod_spec
from kompass_operator.names import Stage, document_name, job_name, labels
from kompass_operator.settings import Settings

KUEUE_QUEUE: Final = "kueue.x-k8s.io/queue-name"
KUEUE_PRIORITY: Final = "kueue.x-k8s.io/priority-class"


def job(run: EvalRun, document: RunDocument, wanted: CreateJob, settings: Settings) -> Manifest:
    """The Job of a stage, or of one shard."""
    meta = run.metadata
    own = labels(meta, wanted.stage, wanted.shard)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(meta, wanted.stage, wanted.shard, attempt=document.attempt),
            "namespace": meta.namespace,
            "labels": {**own, **_queue_labels(run)},
            "ownerReferences": [owner_reference(meta)],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": run.spec.retry.max_attempts_per_shard - 1,
            # A replacement starts when its predecessor is gone: never two writers.
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _failure_rules()},
            **_deadline(run, wanted.stage),
            "template": {
                "metadata": {"labels": own},
                "spec": pod_spec(
                    document,
                    document_name(meta, document.attempt),
                    settings,
                    arguments=_arguments(wanted),
                    stage=wanted.stage,
                    model=wanted.model,
                ),
            },
        },
    }


def _arguments(wanted: CreateJob) -> list[str]:
    index = ["--index", str(wanted.shard)] if wanted.shard is not None else []
    document = f"{DOCUMENT_FOLDER}/{RUN_DOCUMENT_KEY}"
    return [wanted.stage.value, *index, "--run-document", document]


def _failure_rules() -> list[Manifest]:
    """What an end means: a drain or a checkpointed stop costs no attempt, some are final."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        _on_exit("Ignore", [ExitCode.STOPPED]),
        _on_exit("FailJob", sorted(CANNOT_WORK)),
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
