"""What a ModelEndpoint's conditions speak of, and why they are as they are. Pure."""

from __future__ import annotations

from enum import StrEnum


class EndpointCondition(StrEnum):
    """What a condition of a ModelEndpoint speaks of."""

    REACHABLE = "Reachable"
    AUTHENTICATED = "Authenticated"
    MODEL_SERVED = "ModelServed"
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class EndpointReason(StrEnum):
    """Why such a condition is as it is; one word a program can compare."""

    HEALTHY = "Healthy"
    IDLE = "Idle"
    SCALED_TO_ZERO = "ScaledToZero"
    LOADED_BY_SHARDS = "LoadedByShards"
    NOT_PROBED = "NotProbed"
    PROBING = "Probing"
    STARTING = "Starting"
    LOADING = "Loading"
    RATE_LIMITED = "RateLimited"
    KEY_NEEDED = "KeyNeeded"
    CONNECTION_REFUSED = "ConnectionRefused"
    CONNECTION_FAILED = "ConnectionFailed"
    DNS_FAILURE = "DNSFailure"
    TLS_ERROR = "TLSError"
    TIMEOUT = "Timeout"
    SERVER_ERROR = "ServerError"
    REDIRECTED = "Redirected"
    UNEXPECTED_ANSWER = "UnexpectedAnswer"
    UNAUTHORIZED = "Unauthorized"
    MODEL_NOT_SERVED = "ModelNotServed"
    MODEL_LOAD_FAILED = "ModelLoadFailed"
    UNSCHEDULABLE = "Unschedulable"
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    SECRET_MISSING = "SecretMissing"  # noqa: S105  (a reason, not a secret)
    QUOTA_EXCEEDED = "ResourceQuotaExceeded"
    NAME_COLLISION = "NameCollision"
    INVALID_SPEC = "InvalidSpec"
