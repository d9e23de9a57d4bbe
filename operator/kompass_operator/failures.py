"""How a pod failed: its class, the words for a person, and what that means for the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.outcomes import ExitCode, FailureClass
from kompass_api.status import Failure
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, PodFacts

KEPT: Final = 10
"""Failures that a status holds, beside the first of all."""
KEPT_MESSAGE: Final = 256
"""Characters of a message in that list."""

INFRASTRUCTURE: Final = frozenset(
    {
        FailureClass.STORAGE_UNAVAILABLE,
        FailureClass.HUB_UNAVAILABLE,
        FailureClass.ENDPOINT_UNAVAILABLE,
        FailureClass.DEVICE_ERROR,
        FailureClass.INTERRUPTED,
    }
)
"""Ends that are not the shard's own fault: they count as restarts, not as attempts."""

DETERMINISTIC: Final = frozenset(
    {
        FailureClass.INVALID_REQUEST,
        FailureClass.UNKNOWN_BENCHMARK,
        FailureClass.UNKNOWN_SUBJECT,
        FailureClass.INVALID_DATA,
        FailureClass.DATA_MISSING,
        FailureClass.PROMPT_TOO_LONG,
        FailureClass.MODEL_MISSING,
        FailureClass.MODEL_LOAD_FAILED,
        FailureClass.MODEL_ACCESS_DENIED,
        FailureClass.DEVICE_UNAVAILABLE,
        FailureClass.DEVICE_OUT_OF_MEMORY,
        FailureClass.STORAGE_DENIED,
        FailureClass.BUCKET_MISSING,
        FailureClass.OUT_OF_MEMORY,
        FailureClass.EPHEMERAL_STORAGE,
    }
)
"""Ends that two shards do not have by chance: the others would end the same way."""

_DISK_WORDS: Final = ("ephemeral", "emptydir", "disk", "inodes")

_OF_CLASS: Final[Mapping[FailureClass, Reason]] = {
    FailureClass.INVALID_REQUEST: Reason.INVALID_SPEC,
    FailureClass.UNKNOWN_BENCHMARK: Reason.BENCHMARK_NOT_FOUND,
    FailureClass.UNKNOWN_SUBJECT: Reason.SUBJECT_NOT_FOUND,
    FailureClass.INVALID_DATA: Reason.INVALID_DATA,
    FailureClass.DATA_MISSING: Reason.INVALID_DATA,
    FailureClass.PROMPT_TOO_LONG: Reason.PROMPT_TOO_LONG,
    FailureClass.MODEL_MISSING: Reason.MODEL_ACCESS_DENIED,
    FailureClass.MODEL_LOAD_FAILED: Reason.MODEL_LOAD_FAILED,
    FailureClass.MODEL_ACCESS_DENIED: Reason.MODEL_ACCESS_DENIED,
    FailureClass.ENDPOINT_UNAVAILABLE: Reason.ENDPOINT_UNAVAILABLE,
    FailureClass.DEVICE_UNAVAILABLE: Reason.DEVICE_UNAVAILABLE,
    FailureClass.DEVICE_OUT_OF_MEMORY: Reason.MODEL_DOES_NOT_FIT,
    FailureClass.DEVICE_ERROR: Reason.DEVICE_ERROR,
    FailureClass.EPHEMERAL_STORAGE: Reason.EPHEMERAL_STORAGE,
    FailureClass.HUB_UNAVAILABLE: Reason.HUB_UNAVAILABLE,
    FailureClass.OUT_OF_MEMORY: Reason.OUT_OF_MEMORY,
    FailureClass.STORAGE_DENIED: Reason.STORAGE_DENIED,
    FailureClass.BUCKET_MISSING: Reason.STORAGE_DENIED,
    FailureClass.STORAGE_UNAVAILABLE: Reason.STORAGE_UNAVAILABLE,
    FailureClass.INCOMPLETE_RESULTS: Reason.INCOMPLETE_RESULTS,
    FailureClass.IMAGE_UNAVAILABLE: Reason.IMAGE_UNAVAILABLE,
    FailureClass.SECRET_MISSING: Reason.SECRET_MISSING,
    FailureClass.SHARD_TIMEOUT: Reason.SHARD_TIMEOUT,
    FailureClass.JOB_DELETED: Reason.JOB_DELETED,
    FailureClass.RESTARTS_EXHAUSTED: Reason.RESTARTS_EXHAUSTED,
}

_OF_STAGE: Final[Mapping[Stage, Reason]] = {
    Stage.PLAN: Reason.PLAN_FAILED,
    Stage.SHARD: Reason.SHARDS_FAILED,
    Stage.SUMMARIZE: Reason.SUMMARIZER_FAILED,
    Stage.PARTIAL: Reason.SUMMARIZER_FAILED,
    # Nobody could be told: the run itself has ended before.
    Stage.NOTIFY: Reason.INTERNAL_ERROR,
}

_OF_EXIT: Final[Mapping[int, FailureClass]] = {
    ExitCode.USAGE: FailureClass.INVALID_REQUEST,
    ExitCode.DATA: FailureClass.INVALID_DATA,
    ExitCode.INPUT_MISSING: FailureClass.DATA_MISSING,
    ExitCode.UNAVAILABLE: FailureClass.ENDPOINT_UNAVAILABLE,
    ExitCode.DEVICE: FailureClass.DEVICE_ERROR,
    ExitCode.STORAGE: FailureClass.STORAGE_UNAVAILABLE,
    ExitCode.TEMPORARY: FailureClass.HUB_UNAVAILABLE,
    ExitCode.PERMISSION: FailureClass.STORAGE_DENIED,
    ExitCode.CONFIG: FailureClass.MODEL_LOAD_FAILED,
    ExitCode.STOPPED: FailureClass.INTERRUPTED,
}


def place(stage: Stage, shard: int | None, model: str | None = None) -> str:
    """`shard 3 (model m)`, `plan` or `summarize`: where something happened."""
    if shard is None:
        return stage.value
    return f"shard {shard} (model {model})" if model else f"shard {shard}"


def reason_of(stage: Stage, failure: str) -> Reason:
    """Why the run failed, when a Job of this stage ended for good with this class."""
    known = {kind.value: reason for kind, reason in _OF_CLASS.items()}
    return known.get(failure, _OF_STAGE[stage])


def class_of(pod: PodFacts) -> FailureClass:
    """Whose fault a pod's end was: kubelet's word first, then the worker's, then its exit code."""
    if pod.container_reason == FailureClass.OUT_OF_MEMORY:
        return FailureClass.OUT_OF_MEMORY
    if is_disk_eviction(pod):
        return FailureClass.EPHEMERAL_STORAGE
    if pod.said is not None and pod.said.failure is not None:
        return pod.said.failure
    if pod.disrupted:
        return FailureClass.INTERRUPTED
    if pod.exit_code is None:
        return FailureClass.INTERNAL
    return _OF_EXIT.get(pod.exit_code, FailureClass.INTERNAL)


def is_disk_eviction(pod: PodFacts) -> bool:
    """Whether kubelet evicted the pod for the disk that it used, or that its node had left."""
    said = pod.pod_message.lower()
    return pod.pod_reason == "Evicted" and any(word in said for word in _DISK_WORDS)


def is_failure(pod: PodFacts) -> bool:
    """Whether a pod ended badly and by its own fault: a drain or stop is none."""
    ended_badly = pod.phase == "Failed" or (pod.exit_code or 0) != 0
    return ended_badly and class_of(pod) is not FailureClass.INTERRUPTED


def failure_of(
    job: JobFacts, pod: PodFacts, model: str | None, *, attempt: int = 1, namespace: str = "default"
) -> Failure:
    """The entry in `status.failures` for a pod."""
    kind = class_of(pod)
    look = "describe pod" if pod.exit_code is None else "logs"
    return Failure(
        stage=job.stage.value,
        shard=job.shard,
        attempt=attempt,
        failure=kind.value,
        exit_code=pod.exit_code,
        message=_message(job, pod, model, kind)[:512],
        pod=pod.name,
        node=pod.node,
        log=f"kubectl {look} {pod.name} -n {namespace}",
        time=timestamp(pod.ended or job.created),
    )


def failure_of_job(run: EvalRun, job: JobFacts, *, attempt: int = 1) -> Failure:
    """The entry for a Job that failed without a pod that says why."""
    late = job.reason == "DeadlineExceeded"
    message = job.message or f"Job {job.name} failed ({job.reason})"
    if late and job.stage is Stage.SHARD:
        message = (
            f"it took longer than spec.execution.shardDeadlineSeconds "
            f"({run.spec.execution.shard_deadline_seconds}): raise it, or cut the run into "
            "smaller shards"
        )
    kind = FailureClass.SHARD_TIMEOUT if late else FailureClass.INTERNAL
    return Failure(
        stage=job.stage.value,
        shard=job.shard,
        attempt=attempt,
        failure=kind.value,
        message=message[:512],
        log=f"kubectl describe job {job.name} -n {run.metadata.namespace}",
        time=timestamp(job.ended or job.created),
    )


def failure_of_deletion(run: EvalRun, shard: int, now: datetime, *, last: bool) -> Failure:
    """The entry for a shard whose Job somebody deleted: once it is made anew, no second time."""
    then = "for the second time" if last else "and is made anew this once"
    return Failure(
        stage=Stage.SHARD.value,
        shard=shard,
        failure=FailureClass.JOB_DELETED.value,
        message=f"its Job was deleted by somebody else {then}: to stop a run, delete it or set "
        "spec.execution.suspend",
        log=f"kubectl describe evalrun {run.metadata.name} -n {run.metadata.namespace}",
        time=timestamp(now),
    )


def merged(held: Iterable[Failure], found: Iterable[Failure]) -> list[Failure]:
    """The newest failures first, each pod once."""
    kept = {_identity(failure): failure for failure in held}
    for failure in found:
        shortened = failure.model_copy(update={"message": failure.message[:KEPT_MESSAGE]})
        kept.setdefault(_identity(failure), shortened)
    newest_first = sorted(kept.values(), key=lambda failure: failure.time, reverse=True)
    return newest_first[:KEPT]


def first_of(held: Failure | None, found: Iterable[Failure]) -> Failure | None:
    """The first failure of all, word by word: the one that is held stays."""
    if held is not None:
        return held
    return min(found, key=lambda failure: failure.time, default=None)


def timestamp(moment: datetime) -> str:
    """A time as Kubernetes writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _identity(failure: Failure) -> tuple[str, int | None, str, str]:
    return (failure.stage, failure.shard, failure.pod, failure.time if not failure.pod else "")


def _message(job: JobFacts, pod: PodFacts, model: str | None, kind: FailureClass) -> str:
    if kind is FailureClass.OUT_OF_MEMORY:
        return _memory_message(job, pod, model)
    if kind is FailureClass.EPHEMERAL_STORAGE:
        return (
            f"evicted from node {pod.node or '(unknown)'}: {pod.pod_message}; raise "
            f"spec.resources.requests.ephemeral-storage of ModelEndpoint {model!r}"
        )
    if pod.said is not None and pod.said.message:
        return pod.said.message
    said = pod.last_words or pod.container_message or pod.pod_message
    end = pod.container_reason or pod.pod_reason or pod.phase
    code = f", exit code {pod.exit_code}" if pod.exit_code is not None else ""
    tail = f": {said}" if said else ""
    return f"the pod ended without a word of its own ({end}{code}){tail}"


def _memory_message(job: JobFacts, pod: PodFacts, model: str | None) -> str:
    where = (
        f"spec.resources.limits.memory of ModelEndpoint {model!r}"
        if job.stage is Stage.SHARD
        else "the operator's KOMPASS_SMALL_MEMORY_LIMIT"
    )
    if pod.memory_limit:
        return f"killed for using more memory than its limit of {pod.memory_limit}: raise {where}"
    return f"killed because node {pod.node or '(unknown)'} ran out of memory: set {where}"
