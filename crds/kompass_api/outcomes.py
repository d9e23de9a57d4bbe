"""How a pod ends: exit codes, failure classes and the termination message.

The exit codes follow BSD's sysexits and are a contract: a Job's podFailurePolicy reads them.
"""

from __future__ import annotations

import json
from enum import IntEnum, StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.gates import MAX_GATES, GateOutcome
from kompass_api.indexes import Indexes
from kompass_api.resources import ApiModel
from kompass_api.status import HeadlineScore, ItemCounts, PlannedModel, ReusedRun

MAX_TERMINATION_BYTES: Final = 4096
"""What kubelet keeps of a termination message."""


class ExitCode(IntEnum):
    """What a worker process says by its exit status."""

    OK = 0
    USAGE = 64
    DATA = 65
    INPUT_MISSING = 66
    UNAVAILABLE = 69
    SOFTWARE = 70
    DEVICE = 71
    STORAGE = 74
    TEMPORARY = 75
    PERMISSION = 77
    CONFIG = 78
    STOPPED = 143


CANNOT_WORK: Final = (
    ExitCode.USAGE,
    ExitCode.DATA,
    ExitCode.INPUT_MISSING,
    ExitCode.PERMISSION,
    ExitCode.CONFIG,
)
"""Trying again would end the same way: the Job fails at once."""

ENDS_JOB: Final = (*CANNOT_WORK, ExitCode.DEVICE)
"""Ends after which the same Job does not try again: a broken device is left for another node."""


class FailureClass(StrEnum):
    """Whose fault an end was; the same word stands in logs, messages and `status.failures`."""

    INVALID_REQUEST = "InvalidRequest"
    UNKNOWN_BENCHMARK = "UnknownBenchmark"
    UNKNOWN_SUBJECT = "UnknownSubject"
    INVALID_DATA = "InvalidData"
    DATA_MISSING = "DataMissing"
    PROMPT_TOO_LONG = "PromptTooLong"
    MODEL_MISSING = "ModelMissing"
    MODEL_LOAD_FAILED = "ModelLoadFailed"
    MODEL_ACCESS_DENIED = "ModelAccessDenied"
    ENDPOINT_UNAVAILABLE = "EndpointUnavailable"
    DEVICE_UNAVAILABLE = "DeviceUnavailable"
    DEVICE_OUT_OF_MEMORY = "DeviceOutOfMemory"
    DEVICE_ERROR = "DeviceError"
    OUT_OF_MEMORY = "OOMKilled"
    EPHEMERAL_STORAGE = "EphemeralStorage"
    STORAGE_DENIED = "StorageDenied"
    BUCKET_MISSING = "BucketMissing"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    HUB_UNAVAILABLE = "HubUnavailable"
    INCOMPLETE_RESULTS = "IncompleteResults"
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    SECRET_MISSING = "SecretMissing"  # noqa: S105  (a class, not a secret)
    SHARD_TIMEOUT = "ShardTimeout"
    JOB_DELETED = "JobDeletedExternally"
    RESTARTS_EXHAUSTED = "RestartsExhausted"
    INTERRUPTED = "Interrupted"
    INTERNAL = "Internal"


class PlanOutcome(ApiModel):
    """What the operator has to know of a plan to start its shards."""

    models: Annotated[list[PlannedModel], Field(max_length=16)]
    items: Annotated[int, Field(ge=0)]
    digest: str


class ReportOutcome(ApiModel):
    """What the operator puts into `status` from a report."""

    uri: str
    digest: str
    partial: bool = False
    missing: Annotated[list[str], Field(max_length=5)] = []
    """The first items without an answer."""
    items: ItemCounts
    headline: Annotated[list[HeadlineScore], Field(max_length=20)]
    gates: Annotated[list[GateOutcome], Field(max_length=MAX_GATES)] = []
    reused_from: ReusedRun | None = None
    """The run that measured it, where the plan stage found it finished."""


class TerminationMessage(ApiModel):
    """The one JSON line that a worker leaves at its end for the operator."""

    failure: FailureClass | None = None
    message: str = ""
    item: str | None = None
    gaps: Indexes | None = None
    """Shards whose items are missing from the results."""
    plan: PlanOutcome | None = None
    report: ReportOutcome | None = None

    def encoded(self) -> str:
        """The message as JSON of at most 4096 bytes: the headline, then the text give way."""
        text = self._text()
        if len(text.encode()) <= MAX_TERMINATION_BYTES:
            return text
        return self._shorter().encoded()

    def _text(self) -> str:
        return json.dumps(
            self.model_dump(mode="json", by_alias=True, exclude_none=True),
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def _shorter(self) -> TerminationMessage:
        if self.report is not None and self.report.headline:
            kept = self.report.model_copy(update={"headline": self.report.headline[:-1]})
            return self.model_copy(update={"report": kept})
        if self.report is not None and any(gate.message for gate in self.report.gates):
            bare = [gate.model_copy(update={"message": ""}) for gate in self.report.gates]
            return self.model_copy(
                update={"report": self.report.model_copy(update={"gates": bare})}
            )
        return self.model_copy(update={"message": self.message[: len(self.message) * 3 // 4]})
