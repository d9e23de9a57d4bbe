"""What an S3 service's errors mean: whose fault, and whether asking again helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as UnreachableError

from kompass_api.outcomes import FailureClass
from kompass_worker.errors import AccessDenied, InputMissing, InvalidRequest, WorkerError
from kompass_worker.store.protocol import ObjectMissing


class Unanswered(Exception):
    """The service is away or overloaded: ask again."""


class Refusal(Enum):
    """What an answer with an error says."""

    AGAIN = auto()
    DENIED = auto()
    NO_BUCKET = auto()
    NO_KEY = auto()
    EXISTS = auto()
    CHANGED = auto()
    OTHER = auto()


_BY_CODE = {
    "NoSuchBucket": Refusal.NO_BUCKET,
    "NoSuchKey": Refusal.NO_KEY,
    "ConditionalRequestConflict": Refusal.AGAIN,
    "OperationAborted": Refusal.AGAIN,
    "RequestTimeout": Refusal.AGAIN,
    "RequestTimeTooSkewed": Refusal.DENIED,
    "SlowDown": Refusal.AGAIN,
    "ExpiredToken": Refusal.DENIED,
    "InvalidToken": Refusal.DENIED,
    "InvalidAccessKeyId": Refusal.DENIED,
    "NotImplemented": Refusal.OTHER,
}
_BY_STATUS = {
    401: Refusal.DENIED,
    403: Refusal.DENIED,
    404: Refusal.NO_KEY,
    408: Refusal.AGAIN,
    429: Refusal.AGAIN,
}
_TRANSIENT = (HTTPClientError, UnreachableError, IncompleteReadError, ResponseStreamingError)
_PRECONDITION_FAILED = 412
_SERVER_ERROR = 500


def refusal_of(error: ClientError) -> Refusal:
    """What the service said; codes are more exact than the status."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == _PRECONDITION_FAILED:
        return Refusal.EXISTS if error.operation_name == "PutObject" else Refusal.CHANGED
    if status >= _SERVER_ERROR:
        return Refusal.AGAIN
    return _BY_STATUS.get(status, Refusal.OTHER)


@dataclass(frozen=True)
class S3Place:
    """A bucket, as messages name it."""

    endpoint: str
    bucket: str
    secret: str | None

    def __str__(self) -> str:
        return f"bucket {self.bucket!r} at {self.endpoint}"

    @contextmanager
    def explained(self, key: str) -> Iterator[None]:
        """Errors of the service as errors of ours."""
        try:
            yield
        except ClientError as error:
            raise self._refused(error, key) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise AccessDenied(
                f"{self}: no credentials; name a Secret with AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in s3.credentialsSecret, or give the pod an identity"
            ) from error
        except ParamValidationError as error:
            raise InvalidRequest(f"{self}: {error}") from error
        except _TRANSIENT as error:
            raise Unanswered(str(error)) from error
        except BotoCoreError as error:
            raise InvalidRequest(f"{self}: {error}") from error

    def _refused(self, error: ClientError, key: str) -> WorkerError | Unanswered:
        said = error.response.get("Error", {})
        text = f"{said.get('Code', '')} {said.get('Message', '')}".strip()
        match refusal_of(error):
            case Refusal.AGAIN:
                return Unanswered(text)
            case Refusal.DENIED:
                return AccessDenied(f"{self} refuses {self._identity} ({text}); {self._remedy}")
            case Refusal.NO_BUCKET:
                return InputMissing(
                    f"{self} does not exist; create it, or correct the URI",
                    failure=FailureClass.BUCKET_MISSING,
                )
            case Refusal.NO_KEY:
                return ObjectMissing(f"{self}: {key!r} is not there")
            case Refusal.CHANGED:
                return ObjectMissing(f"{self}: {key!r} has changed since it was listed")
            case _:
                return InvalidRequest(f"{self}: {error.operation_name} of {key!r} failed: {text}")

    @property
    def _identity(self) -> str:
        return f"the keys of Secret {self.secret!r}" if self.secret else "the pod's own identity"

    @property
    def _remedy(self) -> str:
        what = f"check Secret {self.secret!r}" if self.secret else "check the pod's identity"
        return f"{what}, and that it may get, put and list objects of the bucket"
