"""Conditions of a resource's status: the types, the reasons, and how one follows another.

Pure: no clock, no network. The vocabulary is that of Kubernetes' API conventions and of kstatus.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.endpointconditions import EndpointCondition, EndpointReason
from kompass_api.resources import ApiModel, ObservedGeneration


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionType(StrEnum):
    """What a condition of an EvalRun speaks of."""

    ACCEPTED = "Accepted"
    ADMITTED = "Admitted"
    PROGRESSING = "Progressing"
    SUSPENDED = "Suspended"
    SHARDS_SUCCEEDED = "ShardsSucceeded"
    RESULTS_AVAILABLE = "ResultsAvailable"
    GATES_PASSED = "GatesPassed"
    SUCCEEDED = "Succeeded"
    COMPLETE = "Complete"
    FAILED = "Failed"
    FINISHED = "Finished"
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Reason(StrEnum):
    """Why a condition is as it is; one word a program can compare."""

    # acceptance
    ACCEPTED = "Accepted"
    WAITING_FOR_REFERENCES = "WaitingForReferences"
    INVALID_SPEC = "InvalidSpec"
    ENDPOINT_NOT_FOUND = "EndpointNotFound"
    BENCHMARK_NOT_FOUND = "BenchmarkNotFound"
    SUBJECT_NOT_FOUND = "SubjectNotFound"
    SECRET_MISSING = "SecretMissing"  # noqa: S105  (a reason, not a secret)
    STORAGE_MISSING = "StorageMissing"
    NAME_COLLISION = "NameCollision"
    POLICY_DENIED = "PolicyDenied"
    NETWORK_UNENFORCED = "NetworkUnenforced"
    # progress
    PENDING = "Pending"
    PLANNING = "Planning"
    SHARDS_RUNNING = "ShardsRunning"
    SUMMARIZING = "Summarizing"
    WAITING = "Waiting"
    NO_PROGRESS = "NoProgress"
    UNSCHEDULABLE = "Unschedulable"
    UNSCHEDULABLE_SPEC = "UnschedulableSpec"
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
    QUOTA_EXCEEDED = "ResourceQuotaExceeded"
    NODE_UNREACHABLE = "NodeUnreachable"
    # admission
    NO_QUEUE = "NoQueue"
    QUOTA_RESERVED = "QuotaReserved"
    WAITING_FOR_QUOTA = "WaitingForQuota"
    QUEUE_NOT_FOUND = "QueueNotFound"
    EXCEEDS_MAX_QUOTA = "ExceedsMaxQuota"
    NO_MATCHING_FLAVOR = "NoMatchingFlavor"
    WORKLOAD_MISSING = "WorkloadMissing"
    PREEMPTED = "Preempted"
    EVICTED = "Evicted"
    WORKLOAD_DEACTIVATED = "WorkloadDeactivated"
    # suspension
    WEBHOOK_UNAVAILABLE = "WebhookUnavailable"
    WAITING_FOR_GPUS = "WaitingForGPUs"
    USER_SUSPENDED = "UserSuspended"
    QUEUED = "Queued"
    ENDPOINT_NOT_READY = "EndpointNotReady"
    RESUMED = "Resumed"
    NOT_SUSPENDED = "NotSuspended"
    # ends
    ALL_SHARDS_SUCCEEDED = "AllShardsSucceeded"
    REPORT_PUBLISHED = "ReportPublished"
    RESULTS_REUSED = "ResultsReused"
    PARTIAL_REPORT_PUBLISHED = "PartialReportPublished"
    GATES_PASSED = "GatesPassed"
    GATES_FAILED = "GatesFailed"
    BASELINE_NOT_FOUND = "BaselineNotFound"
    BASELINE_UNFINISHED = "BaselineUnfinished"
    # suites
    RUNS_ACTIVE = "RunsActive"
    RUNS_SUCCEEDED = "RunsSucceeded"
    RUNS_FAILED = "RunsFailed"
    SCHEDULED = "Scheduled"
    SUMMARIZER_PENDING = "SummarizerPending"
    EVALUATION_SUCCEEDED = "EvaluationSucceeded"
    PLAN_FAILED = "PlanFailed"
    SHARDS_FAILED = "ShardsFailed"
    SUMMARIZER_FAILED = "SummarizerFailed"
    INCOMPLETE_RESULTS = "IncompleteResults"
    MISSING_SAMPLES = "MissingSamples"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    PENDING_DEADLINE_EXCEEDED = "PendingDeadlineExceeded"
    SHARD_TIMEOUT = "ShardTimeout"
    JOB_DELETED = "JobDeletedExternally"
    RESTARTS_EXHAUSTED = "RestartsExhausted"
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    INVALID_DATA = "InvalidData"
    PROMPT_TOO_LONG = "PromptTooLong"
    MODEL_LOAD_FAILED = "ModelLoadFailed"
    MODEL_ACCESS_DENIED = "ModelAccessDenied"
    MODEL_DOES_NOT_FIT = "ModelDoesNotFit"
    HUB_UNAVAILABLE = "HubUnavailable"
    ENDPOINT_UNAVAILABLE = "EndpointUnavailable"
    DEVICE_UNAVAILABLE = "DeviceUnavailable"
    DEVICE_ERROR = "DeviceError"
    EPHEMERAL_STORAGE = "EphemeralStorage"
    OUT_OF_MEMORY = "OutOfMemory"
    STORAGE_DENIED = "StorageDenied"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    INTERNAL_ERROR = "InternalError"


class Condition(ApiModel):
    """One observation about a resource, as Kubernetes' metav1.Condition has it."""

    type: Annotated[str, Field(description="What this speaks of, such as Finished.", max_length=64)]
    status: Annotated[ConditionStatus, Field(description="True, False or Unknown.")]
    reason: Annotated[
        str,
        Field(description="One CamelCase word a program can compare.", min_length=1, max_length=64),
    ]
    message: Annotated[
        str, Field(description="What, where and what to do, for a person.", max_length=1024)
    ] = ""
    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this was seen for.")
    ] = 0
    last_transition_time: Annotated[
        str, Field(description="When the status last changed (UTC).", max_length=32)
    ]


class Claim(ApiModel):
    """What a reconcile pass found to be so, before it is dated."""

    type: ConditionType | EndpointCondition
    status: ConditionStatus
    reason: Reason | EndpointReason
    message: str = ""


def dated(
    claims: Iterable[Claim], held: Iterable[Condition], *, generation: int, now: datetime
) -> list[Condition]:
    """The claims as conditions; a time moves only where the status changed."""
    before = {condition.type: condition for condition in held}
    return [_dated(claim, before.get(claim.type), generation, now) for claim in claims]


def _dated(claim: Claim, before: Condition | None, generation: int, now: datetime) -> Condition:
    unchanged = before is not None and before.status == claim.status
    since = (
        before.last_transition_time
        if before is not None and unchanged
        else now.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    return Condition(
        type=claim.type,
        status=claim.status,
        reason=claim.reason,
        message=claim.message[:1024],
        observed_generation=generation,
        last_transition_time=since,
    )
