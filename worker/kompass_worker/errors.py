"""How the worker fails: whose fault it was, and whether trying again helps.

WorkerError (70, a bug)
    InvalidRequest (64)         the run asks for what cannot be
    InvalidData (65)            a data file is not what the benchmark says
    IncompleteResults (65)      planned items have no answer
    PromptTooLong (65)          a prompt does not fit into the model
    InputMissing (66)           a file, folder, bucket or repository is not there
    RestartsExhausted (78)      the shard was interrupted too often
    ModelUnusable (78)          the weights do not load, or the device is not there
    AccessDenied (77)           storage, hub or server refuses the credentials
    EndpointUnavailable (69)    a served model does not answer: the Job tries again
    DeviceBroken (71)           the GPU is faulty: the shard goes on on another node
    StorageUnavailable (74)     storage did not answer for long: the Job tries again
    HubUnavailable (75)         the hub did not answer: the Job tries again
    NoticeUndelivered (75)      a service for messages is away: the Job tries again
    NoticeRefused (78)          a service does not take the message
    Stopped (143)               told to stop, after a checkpoint
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kompass_api.outcomes import ExitCode, FailureClass


class WorkerError(Exception):
    """An end that is not a result; `failure` says of which kind."""

    exit_code: ExitCode = ExitCode.SOFTWARE
    default_failure: FailureClass = FailureClass.INTERNAL

    def __init__(
        self, message: str, *, failure: FailureClass | None = None, item: str | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure or self.default_failure
        self.item = item


class InvalidRequest(WorkerError):
    """The run asks for what cannot be."""

    exit_code = ExitCode.USAGE
    default_failure = FailureClass.INVALID_REQUEST


class InvalidData(WorkerError):
    """A data file is not what the benchmark says: names file, row, what was found and expected."""

    exit_code = ExitCode.DATA
    default_failure = FailureClass.INVALID_DATA


class PromptTooLong(InvalidData):
    """A prompt does not fit into the model, even without examples."""

    default_failure = FailureClass.PROMPT_TOO_LONG


class InputMissing(WorkerError):
    """A file, folder, bucket or repository is not there."""

    exit_code = ExitCode.INPUT_MISSING
    default_failure = FailureClass.DATA_MISSING


class ModelUnusable(WorkerError):
    """The weights do not load, or the device is not there."""

    exit_code = ExitCode.CONFIG
    default_failure = FailureClass.MODEL_LOAD_FAILED


class AccessDenied(WorkerError):
    """Storage, hub or server refuses the credentials."""

    exit_code = ExitCode.PERMISSION
    default_failure = FailureClass.STORAGE_DENIED


class EndpointUnavailable(WorkerError):
    """A served model's server is away, broken or too busy."""

    exit_code = ExitCode.UNAVAILABLE
    default_failure = FailureClass.ENDPOINT_UNAVAILABLE


class StorageUnavailable(WorkerError):
    """Storage did not answer for long."""

    exit_code = ExitCode.STORAGE
    default_failure = FailureClass.STORAGE_UNAVAILABLE


class HubUnavailable(WorkerError):
    """The hub did not answer."""

    exit_code = ExitCode.TEMPORARY
    default_failure = FailureClass.HUB_UNAVAILABLE


class NoticeUndelivered(WorkerError):
    """A service for messages is away, or wants it later."""

    exit_code = ExitCode.TEMPORARY
    default_failure = FailureClass.ENDPOINT_UNAVAILABLE


class NoticeRefused(WorkerError):
    """A service does not take the message: its address, signature or keys are wrong."""

    exit_code = ExitCode.CONFIG
    default_failure = FailureClass.INVALID_REQUEST


class Stopped(WorkerError):
    """Told to stop, after a checkpoint."""

    exit_code = ExitCode.STOPPED
    default_failure = FailureClass.INTERRUPTED


class DeviceBroken(WorkerError):
    """The device reported a fault of its own: not the model's, and not to be tried again here."""

    exit_code = ExitCode.DEVICE
    default_failure = FailureClass.DEVICE_ERROR


class RestartsExhausted(WorkerError):
    """The shard was interrupted more often than it may be."""

    exit_code = ExitCode.CONFIG
    default_failure = FailureClass.RESTARTS_EXHAUSTED


class IncompleteResults(WorkerError):
    """Planned items have no answer: names them, and the shards they are in."""

    exit_code = ExitCode.DATA
    default_failure = FailureClass.INCOMPLETE_RESULTS

    def __init__(
        self, message: str, *, shards: Iterable[int] = (), item: str | None = None
    ) -> None:
        super().__init__(message, item=item)
        self.shards = tuple(shards)


INFRASTRUCTURE: Final = (
    EndpointUnavailable,
    StorageUnavailable,
    HubUnavailable,
    DeviceBroken,
    Stopped,
)
"""Ends that are not the shard's own fault."""
